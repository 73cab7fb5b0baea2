// SPDX-License-Identifier: Apache-2.0
#include "referee/widen.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/hash.hpp"
#include "referee/fill.hpp"
#include "referee/half.hpp"

namespace cupel::referee {
namespace {

constexpr std::int64_t kRows = 512;
constexpr std::int64_t kLength = 256;

template <class T>
std::vector<std::vector<T>> widened(task::Type type, const task::Values& values, bool rows,
                                    std::uint64_t key = random_u64()) {
    const task::Tensor tensor{.name = "x", .type = type, .shape = {kRows, kLength}};
    std::vector<T> all(static_cast<std::size_t>(kRows * kLength));
    const auto bytes = std::as_writable_bytes(std::span(all));
    fill_values(bytes, type, values, {.a = static_cast<std::uint32_t>(key), .b = 7}, 1);
    EXPECT_TRUE(widen_values(bytes, tensor, values, key, rows));
    std::vector<std::vector<T>> table;
    for (auto at = all.begin(); at != all.end(); at += kLength)
        table.emplace_back(at, at + kLength);
    return table;
}

// Over questions enough to see each kind of row many times.
template <class T, class Holds>
int rows_where(task::Type type, const task::Values& values, bool rows, Holds holds) {
    int found = 0;
    for (std::uint64_t key = 0; key < 32; ++key) {
        const auto table = widened<T>(type, values, rows, key);
        found += static_cast<int>(std::ranges::count_if(table, holds));
    }
    return found;
}

const task::Values kNormalInput{.tensor = 0, .law = task::Law::Normal, .a = 0, .b = 1};

TEST(Widen, SomeRowsAreAllNegativeAndHaveNoExponentials) {
    const auto is_low = [](const std::vector<float>& row) {
        return std::exp(*std::ranges::max_element(row)) == 0;
    };
    EXPECT_GT(rows_where<float>(task::Type::F32, kNormalInput, true, is_low), 100);
    EXPECT_EQ(rows_where<float>(task::Type::F32, kNormalInput, false, is_low), 0);
}

TEST(Widen, SomeRowsAreTinyAndSomeRunsLarge) {
    const auto largest = [](const std::vector<float>& row) {
        return std::abs(*std::ranges::max_element(row, {}, [](float x) { return std::abs(x); }));
    };
    const auto is_tiny = [&](const auto& row) { return largest(row) < 0.02F; };
    const auto is_large = [&](const auto& row) { return largest(row) > 64; };
    EXPECT_GT(rows_where<float>(task::Type::F32, kNormalInput, true, is_tiny), 100);
    EXPECT_GT(rows_where<float>(task::Type::F32, kNormalInput, true, is_large), 1000);
    EXPECT_GT(rows_where<float>(task::Type::F32, kNormalInput, false, is_large), 1000);
}

TEST(Widen, NoValueIsLargerThanARunsAre) {
    const auto is_beyond = [](const std::vector<double>& row) {
        return std::ranges::any_of(row, [](double x) { return std::abs(x) > 64 * 5; });
    };
    EXPECT_EQ(rows_where<double>(task::Type::F64, kNormalInput, true, is_beyond), 0);
}

// As lanes of vectors, or two halves of a row, would have to tell who comes first.
TEST(Widen, SomeMaximaStandTwiceFarApart) {
    const auto is_tied = [](const std::vector<float>& row) {
        const auto first = std::ranges::max_element(row);
        const auto again = std::find(first + 1, row.end(), *first);
        return again != row.end() && again - first > 64;
    };
    EXPECT_GT(rows_where<float>(task::Type::F32, kNormalInput, true, is_tied), 100);
}

TEST(Widen, SomeMaximaStandLast) {
    const auto is_last = [](const std::vector<float>& row) {
        return std::ranges::max_element(row) == row.end() - 1;
    };
    EXPECT_GT(rows_where<float>(task::Type::F32, kNormalInput, true, is_last), 200);
}

TEST(Widen, ADeclaredRangeIsKeptAndItsEndsAreReached) {
    const task::Values uniform{.tensor = 0, .law = task::Law::Uniform, .a = -1, .b = 2};
    const auto is_outside = [](const std::vector<float>& row) {
        return std::ranges::any_of(row, [](float x) { return x < -1 || x >= 2; });
    };
    const auto is_negative = [](const std::vector<float>& row) {
        return *std::ranges::max_element(row) < 0;
    };
    EXPECT_EQ(rows_where<float>(task::Type::F32, uniform, true, is_outside), 0);
    EXPECT_GT(rows_where<float>(task::Type::F32, uniform, true, is_negative), 100);
}

TEST(Widen, SomeRowsOfIntegersAreAllAsSmallOrAsLargeAsTheyMayBe) {
    const task::Values integers{.tensor = 0, .law = task::Law::Integers, .a = -8, .b = 8};
    const auto are_all = [](std::int8_t wanted) {
        return [wanted](const std::vector<std::int8_t>& row) {
            return std::ranges::all_of(row, [&](std::int8_t x) { return x == wanted; });
        };
    };
    EXPECT_GT(rows_where<std::int8_t>(task::Type::I8, integers, false, are_all(-8)), 100);
    EXPECT_GT(rows_where<std::int8_t>(task::Type::I8, integers, false, are_all(7)), 100);
    EXPECT_EQ(rows_where<std::int8_t>(task::Type::I8, integers, false, are_all(8)), 0);
}

// Such rows are drawn for 16-bit inputs as for any other; their numbers stay numbers.
TEST(Widen, HalvesHaveLowRowsAndLargeRunsAndStayFinite) {
    const auto low = [](auto convert) {
        return [convert](const std::vector<std::uint16_t>& row) {
            return std::ranges::all_of(row, [&](std::uint16_t x) { return convert(x) < -104; });
        };
    };
    const auto is_large = [](const std::vector<std::uint16_t>& row) {
        return std::ranges::any_of(row, [](std::uint16_t x) { return from_half(x) > 64; });
    };
    const auto is_infinite = [](const std::vector<std::uint16_t>& row) {
        return std::ranges::any_of(row,
                                   [](std::uint16_t x) { return !std::isfinite(from_half(x)); });
    };
    EXPECT_GT(rows_where<std::uint16_t>(task::Type::F16, kNormalInput, true, low(from_half)), 100);
    EXPECT_GT(rows_where<std::uint16_t>(task::Type::BF16, kNormalInput, true, low(from_bfloat)),
              100);
    EXPECT_GT(rows_where<std::uint16_t>(task::Type::F16, kNormalInput, false, is_large), 100);
    const task::Values wide{.tensor = 0, .law = task::Law::Normal, .a = 0, .b = 4096};
    EXPECT_EQ(rows_where<std::uint16_t>(task::Type::F16, wide, true, is_infinite), 0);
}

TEST(Widen, TheSameKeyDoesTheSame) {
    EXPECT_EQ(widened<float>(task::Type::F32, kNormalInput, true, 5),
              widened<float>(task::Type::F32, kNormalInput, true, 5));
    EXPECT_NE(widened<float>(task::Type::F32, kNormalInput, true, 5),
              widened<float>(task::Type::F32, kNormalInput, true, 6));
}

TEST(Widen, WhatHasNoSuchValuesStays) {
    const task::Tensor tensor{.name = "x", .type = task::Type::F32, .shape = {4}};
    const task::Values uniform{.tensor = 0, .law = task::Law::Uniform, .a = 0, .b = 1};
    std::vector<float> values = {0.25F, 0.5F, 0.75F, 0.125F};
    const std::vector<float> before = values;
    EXPECT_FALSE(
        widen_values(std::as_writable_bytes(std::span(values)), tensor, uniform, 1, false));
    EXPECT_EQ(values, before);
}

}  // namespace
}  // namespace cupel::referee

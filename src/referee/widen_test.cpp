// SPDX-License-Identifier: Apache-2.0
#include "referee/widen.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "base/hash.hpp"
#include "referee/fill.hpp"
#include "referee/half.hpp"
#include "task/task.hpp"

namespace cupel::referee {
namespace {

constexpr std::int64_t kRows = 512;
constexpr std::int64_t kLength = 256;

template <class T>
std::vector<std::vector<T>> widened_by(task::Type type, const task::Values& values,
                                       const Widening& widening) {
    const task::Tensor tensor{.name = "x", .type = type, .shape = {kRows, kLength}};
    std::vector<T> all(static_cast<std::size_t>(kRows * kLength));
    const auto bytes = std::as_writable_bytes(std::span(all));
    fill_values(bytes, type, values, {.a = static_cast<std::uint32_t>(widening.key), .b = 7}, 1);
    EXPECT_TRUE(widen_values(bytes, tensor, values, widening));
    std::vector<std::vector<T>> table;
    for (auto at = all.begin(); at != all.end(); at += kLength)
        table.emplace_back(at, at + kLength);
    return table;
}

template <class T>
std::vector<std::vector<T>> widened(task::Type type, const task::Values& values, bool rows,
                                    std::uint64_t key = random_u64(),
                                    std::optional<Row> dealt = {}) {
    return widened_by<T>(type, values, {.key = key, .rows = rows, .all = dealt});
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

// Between what the law draws and what has no exponential in fp32 a kernel may be wrong, too.
TEST(Widen, SomeRunsOfFormulasWithExponentialsAreOnlySomewhatLarger) {
    const auto is_between = [](float x) { return std::abs(x) > 6 && std::abs(x) < 80; };
    const auto has_a_run = [&](const std::vector<float>& row) {
        const auto largest = std::ranges::max(row, {}, [](float x) { return std::abs(x); });
        return std::abs(largest) < 80 && std::ranges::count_if(row, is_between) >= 8;
    };
    for (std::uint64_t key = 0; key < 32; ++key) {
        const auto table = widened<float>(task::Type::F32, kNormalInput, true, key, Row::Plain);
        EXPECT_GT(std::ranges::count_if(table, has_a_run), kRows / 64) << key;
    }
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

// Rows of formulas that choose, and of others.
template <class T, class Holds>
std::array<int, 2> chosen_where(task::Type type, const task::Values& values, Holds holds) {
    std::array<int, 2> found = {0, 0};
    for (std::uint64_t key = 0; key < 32; ++key) {
        for (const bool choices : {false, true}) {
            const auto table =
                widened_by<T>(type, values, {.key = key, .rows = true, .choices = choices});
            found.at(choices ? 1 : 0) += static_cast<int>(std::ranges::count_if(table, holds));
        }
    }
    return found;
}

TEST(Widen, SomeMaximaAndMinimaAreZerosOfBothSignsInBothOrders) {
    for (const float side : {1.0F, -1.0F}) {
        for (const bool negative_first : {true, false}) {
            const auto holds = [&](const std::vector<float>& row) {
                const auto first = std::ranges::find(row, 0.0F);
                if (first == row.end() || std::signbit(*first) != negative_first) return false;
                const auto next = std::find(first + 1, row.end(), 0.0F);
                if (next == row.end() || std::signbit(*next) == negative_first) return false;
                return std::ranges::all_of(row, [&](float x) { return side * x <= 0; });
            };
            const auto [others, chosen] = chosen_where<float>(task::Type::F32, kNormalInput, holds);
            EXPECT_EQ(others, 0);
            EXPECT_GT(chosen, 50);
        }
    }
}

// The larger one, and then the smaller one first.
template <class T, class Read>
auto nearly_equal(bool larger_first, double unit, Read read) {
    return [=](const std::vector<T>& row) {
        const auto largest = std::ranges::max_element(row, {}, read);
        const double wanted = double{read(*largest)} - unit * std::abs(double{read(*largest)});
        const auto next = std::ranges::find_if(
            row, [&](T x) { return read(x) < read(*largest) && double{read(x)} >= wanted; });
        return next != row.end() && (largest < next) == larger_first;
    };
}

TEST(Widen, SomeMaximaAreOneUnitAboveAnother) {
    const task::Values uniform{.tensor = 0, .law = task::Law::Uniform, .a = -1, .b = 2};
    const auto same = [](float x) { return x; };
    for (const bool first : {true, false}) {
        const auto of_floats = nearly_equal<float>(first, 0x1p-22, same);
        const auto normal = chosen_where<float>(task::Type::F32, kNormalInput, of_floats);
        EXPECT_GT(normal[1], normal[0] + 200);
        const auto even = chosen_where<float>(task::Type::F32, uniform, of_floats);
        EXPECT_GT(even[1], even[0] + 100);
        // Of bfloats, which are few, many are neighbours by chance.
        const auto halves = chosen_where<std::uint16_t>(
            task::Type::F16, kNormalInput, nearly_equal<std::uint16_t>(first, 0x1p-9, from_half));
        EXPECT_GT(halves[1], halves[0] + 100);
    }
}

TEST(Widen, NeighboursAreWithinTheDeclaredRange) {
    const task::Values uniform{.tensor = 0, .law = task::Law::Uniform, .a = -1, .b = 2};
    const auto is_outside = [](const std::vector<float>& row) {
        return std::ranges::any_of(row, [](float x) { return x < -1 || x >= 2; });
    };
    EXPECT_EQ(chosen_where<float>(task::Type::F32, uniform, is_outside)[1], 0);
}

TEST(Widen, SomeMaximaStandLast) {
    const auto is_last = [](const std::vector<float>& row) {
        return std::ranges::max_element(row) == row.end() - 1;
    };
    EXPECT_GT(rows_where<float>(task::Type::F32, kNormalInput, true, is_last), 200);
}

// A softmax whose maximum leaves the last ones out is wrong only there.
TEST(Widen, SomeMaximaStandAloneAndLast) {
    const auto is_alone = [](const std::vector<float>& row) {
        const float before = *std::max_element(row.begin(), row.end() - 1);
        return std::isinf(std::exp(row.back() - before));
    };
    EXPECT_GT(rows_where<float>(task::Type::F32, kNormalInput, true, is_alone), 200);
    EXPECT_EQ(rows_where<float>(task::Type::F32, kNormalInput, false, is_alone), 0);
    std::ptrdiff_t most = 0;  // by chance it is along columns
    for (std::uint64_t key = 0; key < 8; ++key) {
        const auto low = widened<float>(task::Type::F32, kNormalInput, true, key, Row::Low);
        most = std::max(most, std::ranges::count_if(low, is_alone));
    }
    EXPECT_GT(most, kRows / 16);
}

// ... along columns, too, where a question is all of one kind.
TEST(Widen, SomeMaximaOfColumnsStandAloneAndLast) {
    int alone = 0;
    for (std::uint64_t key = 0; key < 16; ++key) {
        const auto table = widened<float>(task::Type::F32, kNormalInput, true, key, Row::Low);
        for (std::size_t column = 0; column < kLength; ++column) {
            float before = table.front()[column];
            for (std::size_t i = 0; i + 1 < table.size(); ++i)
                before = std::max(before, table[i][column]);
            alone += std::isinf(std::exp(table.back()[column] - before)) ? 1 : 0;
        }
    }
    EXPECT_GT(alone, 64);
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

using Dealt = std::array<std::vector<std::optional<Row>>, 2>;

Dealt hand_of(const task::Task& task, std::uint64_t seed, std::uint64_t hand) {
    Dealt dealt;
    for (std::uint64_t turn = 0; turn < WideDeal::kHand; ++turn) {
        const WideDeal deal{.seed = seed, .number = hand * WideDeal::kHand + turn};
        for (std::size_t input = 0; input < dealt.size(); ++input)
            dealt.at(input).push_back(dealt_rows(task, input, deal));
    }
    return dealt;
}

task::Task products(const char* type, const char* values) {
    auto task = task::parse(
        fmt::format("task products(a: {0}[M,N], b: {0}[N]) -> y: f32[M] where M = 8, N = 8\n"
                    "  y[m] = sum[n](a[m,n] * b[n])\n"
                    "precision fp32\n"
                    "values a ~ {1}, b ~ {1}\n",
                    type, values),
        "here");
    EXPECT_TRUE(task) << task.error().text;
    return *task;
}

TEST(Widen, AHandHasEveryInputOnceWhollyOfEachKind) {
    const task::Task task = products("f32", "normal(0, 1)");
    const std::multiset<std::optional<Row>> all = {Row::Low, Row::High, Row::Tiny, std::nullopt};
    for (std::uint64_t number = 0; number < 64; ++number) {
        for (const auto& input : hand_of(task, number, number % 2))
            EXPECT_EQ(std::multiset(input.begin(), input.end()), all);
    }
}

// Scores of an attention are all far below zero only where keys are at one end and queries are not.
TEST(Widen, InTheFirstHandOneInputIsAtAnEndWhereAnotherIsAtTheOther) {
    const task::Task task = products("f32", "normal(0, 1)");
    for (std::uint64_t seed = 0; seed < 256; ++seed) {
        const auto [a, b] = hand_of(task, seed, 0);
        int apart = 0;
        for (std::size_t turn = 0; turn < WideDeal::kHand; ++turn) {
            EXPECT_EQ(a[turn].has_value(), b[turn].has_value());
            EXPECT_TRUE(!a[turn] || a[turn] != b[turn]);
            const auto is_end = [](std::optional<Row> row) {
                return row == Row::Low || row == Row::High;
            };
            apart += is_end(a[turn]) && is_end(b[turn]) ? 1 : 0;
        }
        EXPECT_GE(apart, 1) << seed;
    }
}

TEST(Widen, IntegersAreAtTheSameEndFirstAndOthersInTheSecondHand) {
    const task::Task integers = products("i8", "integers(-128, 128)");
    const task::Task floats = products("f32", "normal(0, 1)");
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
        const Dealt first = hand_of(integers, seed, 0);
        const Dealt second = hand_of(integers, seed, 1);
        EXPECT_EQ(first[0], first[1]);
        EXPECT_NE(second[0], second[1]);
        const Dealt of_floats = hand_of(floats, seed, 1);
        EXPECT_EQ(of_floats[0], of_floats[1]);
    }
}

TEST(Widen, WhatIsDealtHoldsForEveryRow) {
    const auto wholly = [](Row row, auto holds) {
        const auto table = widened<float>(task::Type::F32, kNormalInput, true, 3, row);
        return std::ranges::all_of(
            table, [&](const auto& line) { return std::ranges::all_of(line, holds); });
    };
    EXPECT_TRUE(wholly(Row::Low, [](float x) { return x < 0; }));
    EXPECT_TRUE(wholly(Row::High, [](float x) { return x > 0; }));
    EXPECT_TRUE(wholly(Row::Tiny, [](float x) { return std::abs(x) < 0.05F; }));
}

// A maximum that begins at zero is right of a column unless all of it is negative.
TEST(Widen, WhatIsDealtKeepsItsSignWhereTheFormulaChooses) {
    const auto has_sign = [](float sign, const std::vector<std::vector<float>>& table) {
        return std::ranges::all_of(table, [&](const std::vector<float>& row) {
            return std::ranges::all_of(row, [&](float value) { return sign * value >= 0; });
        });
    };
    for (std::uint64_t key = 0; key < 64; ++key) {
        Widening widening{.key = key, .rows = true, .choices = true, .all = Row::Low};
        EXPECT_TRUE(has_sign(-1, widened_by<float>(task::Type::F32, kNormalInput, widening)));
        widening.all = Row::High;
        EXPECT_TRUE(has_sign(1, widened_by<float>(task::Type::F32, kNormalInput, widening)));
    }
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
    EXPECT_FALSE(widen_values(std::as_writable_bytes(std::span(values)), tensor, uniform,
                              {.key = 1, .rows = false}));
    EXPECT_EQ(values, before);
}

}  // namespace
}  // namespace cupel::referee

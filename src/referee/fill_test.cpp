// SPDX-License-Identifier: Apache-2.0
#include "referee/fill.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

namespace cupel::referee {
namespace {

template <class T>
std::vector<T> draw(task::Type type, const task::Values& values, std::size_t count, Key key,
                    int threads) {
    std::vector<T> out(count);
    fill_values(std::as_writable_bytes(std::span(out)), type, values, key, threads);
    return out;
}

TEST(Fill, NormalDrawsHaveTheirMoments) {
    const auto x =
        draw<float>(task::Type::F32, {.tensor = 0, .law = task::Law::Normal, .a = 2, .b = 3},
                    1 << 20, fresh_key(), 1);
    double sum = 0;
    double squares = 0;
    for (const float value : x) {
        sum += static_cast<double>(value);
        squares += static_cast<double>(value) * static_cast<double>(value);
    }
    const double mean = sum / static_cast<double>(x.size());
    EXPECT_NEAR(mean, 2, 0.03);
    EXPECT_NEAR(std::sqrt(squares / static_cast<double>(x.size()) - mean * mean), 3, 0.03);
    EXPECT_LT(*std::max_element(x.begin(), x.end()), 2 + 3 * 5.01F);
    EXPECT_GT(*std::max_element(x.begin(), x.end()), 2 + 3 * 3.5F);
}

TEST(Fill, UniformAndIntegerDrawsStayInTheirRange) {
    const auto u =
        draw<float>(task::Type::F32, {.tensor = 0, .law = task::Law::Uniform, .a = -1, .b = 1},
                    100'000, fresh_key(), 1);
    EXPECT_GE(*std::min_element(u.begin(), u.end()), -1.0F);
    EXPECT_LE(*std::max_element(u.begin(), u.end()), 1.0F);
    const auto n = draw<std::int64_t>(task::Type::I64,
                                      {.tensor = 0, .law = task::Law::Integers, .a = 0, .b = 7},
                                      10'000, fresh_key(), 1);
    EXPECT_EQ(std::set<std::int64_t>(n.begin(), n.end()),
              (std::set<std::int64_t>{0, 1, 2, 3, 4, 5, 6}));
}

TEST(Fill, TheSameKeyGivesTheSameValuesOnAnyNumberOfThreads) {
    const Key key = fresh_key();
    const task::Values values{.tensor = 0, .law = task::Law::Normal, .a = 0, .b = 1};
    EXPECT_EQ(draw<float>(task::Type::F32, values, 3'000'001, key, 1),
              draw<float>(task::Type::F32, values, 3'000'001, key, 2));
}

TEST(Fill, AnotherKeyGivesOtherValues) {
    const task::Values values{.tensor = 0, .law = task::Law::Normal, .a = 0, .b = 1};
    const auto x = draw<float>(task::Type::F32, values, 4096, fresh_key(), 1);
    const auto y = draw<float>(task::Type::F32, values, 4096, fresh_key(), 1);
    std::size_t equal = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        equal += x[i] == y[i] ? 1U : 0U;
    }
    EXPECT_LT(equal, 10U);
}

TEST(Fill, HalvesAreTheNearestOnes) {
    const auto x = draw<std::uint16_t>(task::Type::F16,
                                       {.tensor = 0, .law = task::Law::Integers, .a = -3, .b = 4},
                                       1000, fresh_key(), 1);
    const std::set<std::uint16_t> known = {0xc200, 0xc000, 0xbc00, 0x0000,
                                           0x3c00, 0x4000, 0x4200};  // -3 .. 3
    for (const std::uint16_t bits : x) {
        EXPECT_TRUE(known.contains(bits)) << std::hex << bits;
    }
}

TEST(Fill, PoisonHasNoPatternAndCoversOddSizes) {
    std::vector<std::byte> out(4099);
    fill_poison(out, fresh_key(), 1);
    std::array<int, 256> histogram{};
    for (const std::byte b : out) {
        ++histogram.at(static_cast<std::size_t>(b));
    }
    EXPECT_LT(*std::max_element(histogram.begin(), histogram.end()), 60);
}

}  // namespace
}  // namespace cupel::referee

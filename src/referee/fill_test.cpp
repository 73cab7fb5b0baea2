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

TEST(Fill, BlendsHoldRunsOfOtherDistributionsThatAreNoLarger) {
    const task::Values law{.tensor = 0, .law = task::Law::Normal, .a = 0, .b = 1};
    std::vector<float> x(std::size_t{1} << 18);
    fill_blend(std::as_writable_bytes(std::span(x)), task::Type::F32, law, fresh_key(), 2);
    int positive = 0;
    int repeated = 0;
    int cancelling = 0;
    int small = 0;
    for (std::size_t at = 0; at < x.size(); at += 64) {
        const std::span run = std::span(x).subspan(at, 64);
        const auto all = [&](auto holds) {
            for (std::size_t i = 0; i + 1 < run.size(); i += 2)
                if (!holds(run[i], run[i + 1])) return false;
            return true;
        };
        if (all([](float a, float b) { return a == b; })) {
            ++repeated;
        } else if (all([](float a, float b) { return a >= 0 && b >= 0; })) {
            ++positive;
        } else if (all([](float a, float b) { return std::abs(a + b) <= 0.01F * std::abs(a); })) {
            ++cancelling;
        } else if (all([](float, float b) { return std::abs(b) <= 2.6F; })) {
            float sum = 0;
            for (std::size_t i = 1; i < run.size(); i += 2)
                sum += std::abs(run[i]);
            small += sum < 32 * 0.4F ? 1 : 0;
        }
    }
    for (const int found : {positive, repeated, cancelling, small}) {  // 4096 / 32 each
        EXPECT_GT(found, 70);
        EXPECT_LT(found, 200);
    }
    EXPECT_LT(
        std::abs(*std::ranges::max_element(x, {}, [](float value) { return std::abs(value); })),
        5.01F);
}

// Questions of multilinear formulas are multiplied by secret powers of two: nothing else about
// them may change, or what is "smaller" in one is larger in another.
TEST(Fill, BlendsOfAScaledLawAreTheScaledBlends) {
    const Key key = fresh_key();
    std::vector<float> plain(std::size_t{1} << 16);
    task::Values law{.tensor = 0, .law = task::Law::Normal, .a = 0, .b = 0.75};
    fill_blend(std::as_writable_bytes(std::span(plain)), task::Type::F32, law, key, 1);
    for (const int exponent : {-40, -7, 9, 48}) {
        std::vector<float> scaled(plain.size());
        law.b = std::ldexp(0.75, exponent);
        fill_blend(std::as_writable_bytes(std::span(scaled)), task::Type::F32, law, key, 1);
        for (float& value : scaled)
            value = std::ldexp(value, -exponent);
        EXPECT_EQ(scaled, plain) << exponent;
    }
}

// In deviations, a value of such a law is thousands: it is no measure of a small change.
TEST(Fill, BlendsOfALawFarFromZeroAreNoLarger) {
    const task::Values law{.tensor = 0, .law = task::Law::Normal, .a = 3, .b = 0.001};
    std::vector<float> x(std::size_t{1} << 16);
    fill_blend(std::as_writable_bytes(std::span(x)), task::Type::F32, law, fresh_key(), 1);
    for (const float value : x)
        ASSERT_LT(std::abs(value), 3.01F);
}

TEST(Fill, BlendedRowsHaveTheirExtremesMoreThanOnce) {
    constexpr std::size_t kRow = 4096;
    constexpr std::size_t kRows = 64;
    const task::Values law{.tensor = 0, .law = task::Law::Normal, .a = 3, .b = 2};
    std::vector<float> x(kRows * kRow);
    fill_blend(std::as_writable_bytes(std::span(x)), task::Type::F32, law, fresh_key(), 2);
    std::size_t tied = 0;
    for (std::size_t row = 0; row < kRows; ++row) {
        const std::span values = std::span(x).subspan(row * kRow, kRow);
        for (const float extreme : {std::ranges::max(values), std::ranges::min(values)})
            tied += std::ranges::count(values, extreme) > 1 ? 1U : 0U;
    }
    // A run in 64 for each of two extremes in each row: three of five are tied, 80 of these 128
    // (deviation 5.5), though the law is far from zero.
    EXPECT_GT(tied, 48U);
}

TEST(Fill, HalvesAreBlendedToo) {
    const task::Values law{.tensor = 0, .law = task::Law::Normal, .a = 0, .b = 1};
    for (const task::Type type : {task::Type::F16, task::Type::BF16}) {
        std::vector<std::uint16_t> x(std::size_t{1} << 17);
        fill_blend(std::as_writable_bytes(std::span(x)), type, law, fresh_key(), 2);
        int repeated = 0;
        int positive = 0;
        for (std::size_t at = 0; at < x.size(); at += 64) {
            const std::span run = std::span(x).subspan(at, 64);
            bool equal = true;
            for (std::size_t i = 0; i < run.size(); ++i)
                equal = equal && run[i] == run[i - i % 8];
            repeated += equal ? 1 : 0;
            positive +=
                std::ranges::all_of(run, [](std::uint16_t bits) { return bits < 0x8000U; }) ? 1 : 0;
        }
        for (const int found : {positive, repeated}) {  // 2048 / 32 each
            EXPECT_GT(found, 30);
            EXPECT_LT(found, 120);
        }
    }
}

TEST(Fill, OtherLawsAreNeverBlended) {
    const task::Values law{.tensor = 0, .law = task::Law::Uniform, .a = 0.5, .b = 1.5};
    const Key key = fresh_key();
    std::vector<float> blended(10'000);
    fill_blend(std::as_writable_bytes(std::span(blended)), task::Type::F32, law, key, 1);
    EXPECT_EQ(blended, draw<float>(task::Type::F32, law, 10'000, key, 1));
}

TEST(Fill, OddIntegersHaveTheirWidthAndBothSigns) {
    for (const int bits : {1, 12, 20}) {
        std::vector<float> x(100'000);
        fill_odd(std::as_writable_bytes(std::span(x)), task::Type::F32,
                 {.bits = bits, .exponent = -7}, fresh_key(), 2);
        double largest = 0;
        int negative = 0;
        for (const float value : x) {
            const double whole = std::abs(static_cast<double>(value)) * 128;
            ASSERT_EQ(std::fmod(whole, 2), 1);
            largest = std::max(largest, whole);
            negative += value < 0 ? 1 : 0;
        }
        EXPECT_LT(largest, std::ldexp(1.0, bits));
        EXPECT_GE(largest, std::ldexp(1.0, bits - 1));
        EXPECT_NEAR(negative, 50'000, 1000);
    }
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

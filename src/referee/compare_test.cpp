// SPDX-License-Identifier: Apache-2.0
#include "referee/compare.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "referee/parallel.hpp"

namespace cupel::referee {
namespace {

std::vector<std::uint64_t> named(const std::vector<float>& a, const std::vector<float>& b) {
    return suspects(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)), task::Type::F32, 64,
                    2);
}

std::vector<float> noise(std::size_t count) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> x(count);
    for (float& value : x) {
        value = normal(random);
    }
    return x;
}

bool contains(const std::vector<std::uint64_t>& found, std::uint64_t element) {
    return std::find(found.begin(), found.end(), element) != found.end();
}

TEST(Suspects, EqualAnswersNameNobody) {
    const auto x = noise(100'003);
    EXPECT_TRUE(named(x, x).empty());
}

TEST(Suspects, OneWrongElementAmongMillionsIsNamedWhereverItIs) {
    const auto x = noise(1'100'003);
    ASSERT_GE(x.size() * sizeof(float), kParallelBytes) << "or one thread would do it all";
    for (const std::size_t at : {std::size_t{0}, std::size_t{4095}, std::size_t{4096},
                                 std::size_t{777'777}, x.size() - 1}) {
        auto y = x;
        for (float& value : y) {
            value *= 1 + 1e-7F;  // honest rounding everywhere
        }
        y[at] = x[at] * 1.01F + 0.001F;
        EXPECT_TRUE(contains(named(x, y), at)) << at;
    }
}

TEST(Suspects, ASmallElementThatIsRelativelyWrongIsNamed) {
    auto x = noise(50'000);
    x[123] = 1e-6F;
    auto y = x;
    for (float& value : y) {
        value *= 1 + 1e-6F;
    }
    y[123] = 1.1e-6F;
    EXPECT_TRUE(contains(named(x, y), 123));
}

TEST(Suspects, NotANumberIsTheLargestDifference) {
    const auto x = noise(20'000);
    auto y = x;
    y[15'000] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(contains(named(x, y), 15'000));
    EXPECT_TRUE(contains(named(y, x), 15'000));
    EXPECT_TRUE(named(y, y).empty());
}

TEST(Suspects, IntegersAreComparedByTheirBytes) {
    const std::vector<std::int64_t> a = {1, 2, 3};
    const std::vector<std::int64_t> b = {1, 5, 3};
    EXPECT_EQ(
        suspects(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)), task::Type::I64, 64, 2),
        std::vector<std::uint64_t>{1});
}

TEST(Suspects, DoublesAreComparedInFull) {
    const std::vector<double> a = {1, 2, 3};
    const std::vector<double> b = {1, 2 + 1e-12, 3};
    EXPECT_EQ(
        suspects(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)), task::Type::F64, 64, 2),
        std::vector<std::uint64_t>{1});
}

// Honest sums that nearly cancel differ by a larger share than one far larger error, elsewhere,
// has.
TEST(Suspects, OfDoublesTheFarthestApartIsNamedBesideManyThatNearlyCancel) {
    std::vector<double> a(100'000, 10);
    std::vector<double> b = a;
    for (std::size_t i = 0; i < b.size(); i += 3) {
        a[i] = 1e-4;
        b[i] = 1e-4 + 1e-14;
    }
    b[77'777] = 10 * (1 + 3e-13);
    b[55'555] = std::numeric_limits<double>::quiet_NaN();
    for (const std::size_t most : {8U, 16U}) {
        const auto found = suspects(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)),
                                    task::Type::F64, most, 1);
        EXPECT_TRUE(contains(found, 77'777));
        EXPECT_TRUE(contains(found, 55'555));
        EXPECT_LE(found.size(), most);
    }
}

// A bit that most answers of 16 bits differ by must not hide the one that is far off.
TEST(Suspects, OfSixteenBitsTheFarthestApartIsNamedBeforeManyNearOnes) {
    for (const task::Type type : {task::Type::F16, task::Type::BF16}) {
        std::vector<std::uint16_t> a(100'000, type == task::Type::F16 ? 0x3c00 : 0x3f80);
        std::vector<std::uint16_t> b = a;
        for (std::size_t i = 0; i < b.size(); i += 3)
            b[i] ^= 1;
        b[77'777] = 0x4000;  // 2, not 1
        const auto found =
            suspects(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)), type, 64, 1);
        EXPECT_TRUE(contains(found, 77'777));
        EXPECT_LE(found.size(), 64U);
    }
}

}  // namespace
}  // namespace cupel::referee

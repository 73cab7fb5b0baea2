// SPDX-License-Identifier: Apache-2.0
#include "referee/shapes.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace cupel::referee {
namespace {

// M, N and K at the sizes of a set.
std::vector<std::int64_t> sizes_of(const task::Task& task, int number, std::uint64_t seed) {
    const auto shape = draw_shape(task, number, seed);
    EXPECT_TRUE(shape) << number << ' ' << seed;
    std::vector<std::int64_t> sizes;
    if (!shape) return sizes;
    EXPECT_LE(task::count(*shape).flops, 1e8);
    for (const task::Size& size : shape->sizes)
        sizes.push_back(size.value);
    return sizes;
}

bool is_odd_prime_number(std::int64_t number) {
    for (std::int64_t divisor = 2; divisor < number; ++divisor)
        if (number % divisor == 0) return false;
    return number > 2;
}

const std::string kRanged =
    "task t(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 1024, N = 512, K = 2048\n"
    "  c[i,j] = sum[k](a[i,k] * b[k,j])\n";

TEST(Shapes, HoldTheLeastAndMuchOfEverySize) {
    const auto task = task::parse(kRanged + "shapes M in 3..200, K in 1..4096\n", "test.task");
    ASSERT_TRUE(task) << task.error().text;
    std::set<bool> orders;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto first = sizes_of(*task, 0, seed);
        const auto second = sizes_of(*task, 1, seed);
        ASSERT_TRUE(first.size() == 3 && second.size() == 3);
        EXPECT_EQ(first[1], 512) << "has no range";
        orders.insert(first[0] == 3);
        const auto& [least_m, least_k] =
            first[0] == 3 ? std::tie(first, second) : std::tie(second, first);
        EXPECT_EQ(least_m[0], 3);
        EXPECT_GT(least_m[2], 2048);
        EXPECT_TRUE(is_odd_prime_number(least_m[2])) << least_m[2];
        EXPECT_EQ(least_k[2], 1);
        EXPECT_GT(least_k[0], 128);
        EXPECT_LE(least_k[0], 200);
        EXPECT_TRUE(is_odd_prime_number(least_k[0])) << least_k[0];
    }
    EXPECT_EQ(orders.size(), 2U);
}

TEST(Shapes, HoldAWholeTileAndARestOfAllSizes) {
    const auto task = task::parse(kRanged + "shapes M in 3..200, K in 1..4096\n", "test.task");
    ASSERT_TRUE(task);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        for (const std::int64_t size : sizes_of(*task, 2, seed))
            EXPECT_TRUE(size == 512 || (size >= 67 && is_odd_prime_number(size))) << size;
    }
}

TEST(Shapes, CannotBeLearnedByHeart) {
    const auto task = task::parse(kRanged + "shapes M in 3..200, K in 1..4096\n", "test.task");
    ASSERT_TRUE(task);
    std::set<std::int64_t> any;
    std::set<std::int64_t> large;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        any.insert(sizes_of(*task, 3, seed).at(0));
        large.insert(sizes_of(*task, 0, seed).at(2));
    }
    EXPECT_GT(any.size(), 50U);
    EXPECT_GE(*any.begin(), 3);
    EXPECT_LE(*any.rbegin(), 200);
    EXPECT_GT(large.size(), 50U);
}

TEST(Shapes, AreSmallWhereTheRangesAreNot) {
    const auto huge = task::parse(
        kRanged + "shapes M in 1..1000000000, N in 1..1000000000, K in 1..1000000000\n", "t");
    ASSERT_TRUE(huge) << huge.error().text;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        for (int number = 0; number < 4; ++number)
            EXPECT_EQ(sizes_of(*huge, number, seed).size(), 3U);
    }
    const auto even = task::parse(
        "task t(x: f32[N]) -> y: f32[N] where N = 32\n  y[n] = 2 * x[n]\nshapes N in 32..36\n",
        "test.task");
    ASSERT_TRUE(even);
    EXPECT_TRUE(draw_shape(*even, 1, 1)) << "no prime is in its range";
    const auto fixed =
        task::parse("task t(x: f32[N]) -> y: f32[N] where N = 5\n  y[n] = 2 * x[n]\n", "test.task");
    EXPECT_FALSE(draw_shape(*fixed, 0, 1));
}

}  // namespace
}  // namespace cupel::referee

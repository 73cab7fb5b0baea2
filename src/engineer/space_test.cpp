// SPDX-License-Identifier: Apache-2.0
#include "engineer/space.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cupel::engineer {
namespace {

task::Task parsed(std::string_view text) {
    auto task = task::parse(text, "test.task");
    EXPECT_TRUE(task) << task.error().text;
    return std::move(*task);
}

constexpr std::string_view kProduct =
    "task product(a: f32[M,K], b: f32[K,N]) -> y: f32[M,N] where M = 256, N = 256, K = 256\n"
    "  y[m,n] = sum[k](a[m,k] * b[k,n])\n";
constexpr std::string_view kMap =
    "task scaled(x: f32[B,N]) -> y: f32[B,N] where B = 64, N = 256\n"
    "  y[b,n] = 2 * x[b,n]\n";

TEST(ScheduleSpace, OfAContractionIsSearchedAndModelled) {
    const task::Task task = parsed(kProduct);
    const auto space = schedule_space(task, {});
    EXPECT_EQ(space->origin(), "tile");
    EXPECT_FALSE(space->complete());
    const std::vector<Trace> initial = space->initial();
    ASSERT_GE(initial.size(), 4u);
    for (const Trace& trace : initial) {
        EXPECT_TRUE(space->print(trace));
        EXPECT_GE(space->cost(trace).value(), space->cost(initial.front()).value());
    }
    const std::vector<Trace> around = space->neighbours(initial.front());
    ASSERT_GE(around.size(), 4u);
    std::set<std::string> sources;
    for (const Trace& trace : around)
        sources.insert(space->print(trace).value());
    EXPECT_EQ(sources.size(), around.size());
    EXPECT_FALSE(space->cost({{"sweep", "y", {"8"}}}));
}

TEST(ScheduleSpace, OfAMapIsTriedWhole) {
    const task::Task task = parsed(kMap);
    const auto space = schedule_space(task, {});
    EXPECT_TRUE(space->complete());
    const std::vector<Trace> initial = space->initial();
    EXPECT_GE(initial.size(), 2u);
    EXPECT_LE(initial.size(), 64u);
    for (const Trace& trace : initial) {
        EXPECT_TRUE(space->print(trace));
        EXPECT_FALSE(space->cost(trace));
    }
}

TEST(ScheduleSpace, RefusesATraceOfAnotherTask) {
    const task::Task task = parsed(kProduct);
    EXPECT_FALSE(schedule_space(task, {})->print({{"tile", "z", {"6", "2"}}}));
}

}  // namespace
}  // namespace cupel::engineer

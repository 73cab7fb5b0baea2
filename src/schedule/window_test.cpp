// SPDX-License-Identifier: Apache-2.0
#include "schedule/window.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedule/schedule.hpp"

namespace cupel::schedule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

task::Task task_of(const char* text) {
    auto task = task::parse(text, "here");
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? std::move(*task) : task::Task{};
}

std::optional<std::vector<Span>> spans_of(const char* text) {
    const task::Task task = task_of(text);
    return inside_spans(task, task.stages.at(0));
}

TEST(Window, IsInsideWhereEveryTapIs) {
    EXPECT_THAT(
        *spans_of("task t(x: f32[H,W]) -> y: f32[P,Q] where H = 10, W = 20, P = 10, Q = 10\n"
                  "  y[p,q] = max[r < 3, s < 5](x[p+r-1, 2*q+s-2 | -inf])\n"),
        ElementsAre(Span{1, 9}, Span{1, 9}));
    // Exactly filled on the right: 2 * 8 + 4 = 20 taps.
    EXPECT_THAT(*spans_of("task t(x: f32[W]) -> y: f32[Q] where W = 20, Q = 9\n"
                          "  y[q] = sum[s < 4](x[2*q+s | 0])\n"),
                ElementsAre(Span{0, 9}));
    EXPECT_THAT(*spans_of("task t(x: f32[W]) -> y: f32[Q] where W = 4, Q = 6\n"
                          "  y[q] = sum[s < 9](x[q+s-4 | 0])\n"),
                ElementsAre(Span{4, 4}));
}

TEST(Window, IsNotGuessedWhereAPositionIsMore) {
    EXPECT_FALSE(
        spans_of("task t(x: f32[W]) -> y: f32[Q] where W = 20, Q = 40\n"
                 "  y[q] = sum[s < 3](x[(q+s)/2 | 0])\n"));
    EXPECT_FALSE(
        spans_of("task t(x: f32[W]) -> y: f32[P,Q] where W = 20, P = 9, Q = 9\n"
                 "  y[p,q] = sum[s < 3](x[p+q+s | 0])\n"));
    EXPECT_FALSE(
        spans_of("task t(x: f32[W]) -> y: f32[Q] where W = 20, Q = 20\n"
                 "  y[q] = sum[s < 3](x[s-q | 0])\n"));
}

TEST(Window, VectorsAskNothingWhereAllIsInside) {
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    const auto task = task::load("max_pool2d", folders, {});
    ASSERT_TRUE(task) << task.error().text;
    EXPECT_EQ(family(*task), Family::Sweep);
    const auto kernel = print_kernel(*task, Width{}, *parse_trace("sweep y 4\n"));
    ASSERT_TRUE(kernel) << kernel.error().text;
    EXPECT_THAT(*kernel, HasSubstr("if (p >= 1)"));
    EXPECT_THAT(*kernel, HasSubstr("load_even(x + ((n * C + c) * H + 2 * p + r - 1) * H + "
                                   "2 * (q + u * W) + s - 1)"));
}

}  // namespace
}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
#include "schedule/factor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedule/schedule.hpp"

namespace cupel::schedule {
namespace {

using ::testing::HasSubstr;

task::Task window_task(const std::string& body, std::string_view types = "f32") {
    const std::string text =
        "task t(x: " + std::string(types) + "[C,H,W]" + (body.contains("u[") ? ", u: f32[W]" : "") +
        ") -> y: " + std::string(types) +
        "[C,P,Q]\n  where C = 2, H = 20, W = 70, P = 10, Q = 35\n  " + body + "\n";
    auto task = task::parse(text, "here");
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? std::move(*task) : task::Task{};
}

std::string said_against(const std::string& body, std::string_view types = "f32") {
    const auto two = factored(window_task(body, types), "y");
    return two ? "" : two.error().text;
}

TEST(Factor, TakesAWindowApart) {
    const task::Task task =
        window_task("y[c,p,q] = max[r < 3, s < 3](x[c, 2*p+r-1, 2*q+s-1 | -inf])");
    const auto two = factored(task, "y");
    ASSERT_TRUE(two) << two.error().text;
    EXPECT_THAT(
        task::print(*two),
        HasSubstr("y_columns[c < 2,p < 10,q < 70] = max[r < 3](x[c, 2 * p + r - 1, q | -inf])"));
    EXPECT_THAT(task::print(*two),
                HasSubstr("y[c,p,q] = max[s < 3](y_columns[c, p, 2 * q + s - 1 | -inf])"));
}

TEST(Factor, SaysWhyAStageIsNoWindow) {
    EXPECT_EQ(said_against("y[c,p,q] = sum[r < 3, s < 3](x[c, 2*p+r-1, 2*q+s-1 | 0])"), "");
    EXPECT_THAT(said_against("y[c,p,q] = max[r < 3, s < 3](x[c, 2*p+r-1, 2*q+s-1 | 0])"),
                HasSubstr("y gives what is outside a value that counts"));
    EXPECT_THAT(said_against("y[c,p,q] = sum[r < 3, s < 3](x[c, 2*p+r-1, 2*q+s-1 | 0] * u[s])"),
                HasSubstr("y reduces more than the elements of one tensor"));
    EXPECT_THAT(said_against("y[c,p,q] = sum[s < 3](x[c, 2*p, 2*q+s-1 | 0])"),
                HasSubstr("over two axes"));
    EXPECT_THAT(said_against("y[c,p,q] = prod[r < 3, s < 3](x[c, 2*p+r-1, 2*q+s-1 | 1])"),
                HasSubstr("is no sum, largest or smallest"));
    EXPECT_THAT(said_against("y[c,p,q] = max[r < 3, s <= r](x[c, 2*p+r-1, 2*q+s-1 | -inf])"),
                HasSubstr("without bounds"));
    EXPECT_THAT(said_against("y[c,p,q] = sum[r < 3, s < 3](x[c, 2*p+r-1, q+r+s-1 | 0])"),
                HasSubstr("does not walk along the rows"));
    EXPECT_THAT(said_against("y[c,p,q] = sum[r < 3, s < 3](x[c, p+r+s, 2*q+s-1 | 0])"),
                HasSubstr("has columns that depend on where the row is"));
    EXPECT_THAT(said_against("y[c,p,q] = max[r < 3, s < 3](x[c, 2*p+r-1, 2*q+s-1 | -9])", "i32"),
                HasSubstr("is of whole numbers"));
    const auto none = factored(window_task("y[c,p,q] = x[c, 2*p, 2*q]"), "z");
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().text, HasSubstr("the task has no stage z"));
}

TEST(Factor, IsAVerbBeforeAllOthers) {
    const task::Task task =
        window_task("y[c,p,q] = max[r < 3, s < 3](x[c, 2*p+r-1, 2*q+s-1 | -inf])");
    const auto said = [&](std::string_view trace) {
        const auto kernel = print_kernel(task, Width{}, *parse_trace(trace));
        return kernel ? *kernel : kernel.error().text;
    };
    EXPECT_EQ(default_trace(task, Width{}).front(), (Action{"factor", "y", {}}));
    const std::string text =
        said("factor y\nsweep y_columns 4\nhint y_columns prefetch\nsweep y 2\n");
    EXPECT_THAT(text, HasSubstr("//   factor y\n"));
    EXPECT_THAT(text, HasSubstr("load_even(y_columns + "));
    // A page of 4096 bytes ahead: 7 steps of two rows of 280.
    EXPECT_THAT(text, HasSubstr("__builtin_prefetch(x + (c * H + 2 * p + 14) * 70 + q, 0, 3);"));
    EXPECT_THAT(said("sweep y 2\nfactor y\n"), HasSubstr("before all other verbs"));
    EXPECT_THAT(said("factor y 2\n"), HasSubstr("expected `factor stage`"));
    EXPECT_THAT(said("factor y\nfactor y\n"), HasSubstr("factor y: y is no sum"));
    EXPECT_THAT(said("sweep y_columns 4\n"), HasSubstr("the task has no stage y_columns"));
}

}  // namespace
}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
#include "schedule/merge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedule/schedule.hpp"

namespace cupel::schedule {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

task::Task task_of(const std::string& text) {
    auto task = task::parse(text, "here");
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? std::move(*task) : task::Task{};
}

task::Task norm() {
    return task_of(
        "task t(x: f32[N,C,H,W], g: f32[C]) -> y: f32[N,C,H,W]\n"
        "  where N = 4, C = 8, H = 5, W = 7\n"
        "  mu[c] = mean[n,h,w](x[n,c,h,w])\n"
        "  y[n,c,h,w] = (x[n,c,h,w] - mu[c]) * g[c]\n");
}

// y[n,i,j] of 6 by 5 by 5, and of inputs that the text adds.
std::string refused(const std::string& inputs, const std::string& body) {
    const auto one =
        merged(task_of("task t(x: f32[N,I,J]" + inputs +
                       ") -> y: f32[N,I,J]\n  where N = 6, I = 5, J = 5\n  " + body + "\n"),
               "y");
    return one ? "" : one.error().text;
}

TEST(Merge, JoinsWhatWalksTogetherInAllStages) {
    const auto one = merged(norm(), "y");
    ASSERT_TRUE(one) << one.error().text;
    const std::string text = task::print(*one);
    EXPECT_THAT(text, HasSubstr("x: f32[4,8,35]"));
    EXPECT_THAT(text, HasSubstr("sum[n, hw](x[n, c, hw])"));
    EXPECT_THAT(text, HasSubstr("y[n,c,hw] = (x[n, c, hw] - mu[c]) * g[c]"));
    const auto same = merged(norm(), "mu_sum");
    ASSERT_TRUE(same) << same.error().text;
    EXPECT_EQ(task::print(*same), text);
}

TEST(Merge, TakesANameThatNothingElseHas) {
    const task::Task task = task_of(
        "task t(x: f32[N,I,F]) -> y: f32[N,I,F]\n  where N = 6, I = 5, F = 5\n"
        "  y[n,i,f] = 2 * x[n,i,f]\n");
    const auto one = merged(task, "y");
    ASSERT_TRUE(one) << one.error().text;
    EXPECT_THAT(task::print(*one), HasSubstr("y[n,f] = 2 * x[n, f]"));
    const auto all = merged(*one, "y");
    ASSERT_TRUE(all) << all.error().text;
    EXPECT_THAT(task::print(*all), HasSubstr("y[nf] = 2 * x[nf]"));
}

TEST(Merge, SaysWhatTellsAxesApart) {
    EXPECT_EQ(refused("", "y[n,i,j] = 2 * x[n,i,j]"), "");
    EXPECT_THAT(refused(", b: f32[J]", "y[n,i,j] = x[n,i,j] + b[j]"),
                HasSubstr("two axes of y do not walk along whole dimensions of b"));
    EXPECT_THAT(refused("", "y[n,i,j] = x[n,j,i]"), HasSubstr("whole dimensions of x"));
    EXPECT_THAT(refused("", "y[n,i,j] = x[n,i,j] + x[n,j,i]"),
                HasSubstr("two axes of y walk along others, too"));
    EXPECT_THAT(refused("", "y[n,i,j] = x[n,i,j-1 | 0]"), HasSubstr("whole dimensions of x"));
    EXPECT_THAT(refused("", "y[n,i,j] = x[n,i,4-j]"), HasSubstr("whole dimensions of x"));
    EXPECT_THAT(refused("", "y[n,i,j] = x[n,i,j] * j"), HasSubstr("are numbers or bounds there"));
    EXPECT_THAT(refused(", u: f32[N,I,J]", "y[n,i,j] = x[n,i,j] * sum[l <= j](u[n,i,l])"),
                HasSubstr("two axes of "));
    EXPECT_THAT(refused(", k: i32[I], u: f32[I,J]", "y[n,i,j] = x[n,i,j] * u[k[i],j]"),
                HasSubstr("whole dimensions of u"));
    EXPECT_THAT(refused(", s: f32[I,N]", "y[n,i,j] = sum[m < 6](x[m,i,j] * s[i,m])"),
                HasSubstr("y has no two innermost axes that are both reduced"));
}

TEST(Merge, RefusesWhatIsNoStage) {
    const auto none = merged(norm(), "x");
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().text, HasSubstr("the task has no stage x"));
}

TEST(Merge, IsAVerbAndSoIsJoin) {
    const auto said = [](std::string_view trace) {
        const auto kernel = print_kernel(norm(), Width{}, *parse_trace(trace));
        return kernel ? *kernel : kernel.error().text;
    };
    const std::string merged = said("merge y\nsweep mu_sum 2\nsweep y 2\nhint y prefetch\n");
    EXPECT_THAT(merged, HasSubstr("static float mu[C];"));
    EXPECT_THAT(merged, HasSubstr("(n * C + c) * 35 + hw"));
    const std::string joined =
        said("merge y\njoin y\nsweep mu_sum 2\nsweep y 2\nhint y prefetch\n");
    EXPECT_THAT(joined, Not(HasSubstr("mu[C]")));
    EXPECT_THAT(joined, HasSubstr("__builtin_prefetch(x + (n * C + c + 1) * 35 + hw, 0, 2);"));
    EXPECT_THAT(said("join y\nmerge y\n"),
                HasSubstr("merge y: expected `merge stage`, before all"));
    EXPECT_THAT(said("merge mu\n"), HasSubstr("merge mu: mu has no two innermost axes"));
    EXPECT_THAT(said("merge y\nsweep y 1\njoin y\n"),
                HasSubstr("join y: loops are joined before what is"));
    EXPECT_THAT(said("join mu_sum\n"), HasSubstr("is no output in loops of its own after others"));
    EXPECT_THAT(said("join y y\n"), HasSubstr("expected `join stage`"));
    EXPECT_EQ(default_trace(norm(), Width{}).front(), (Action{"merge", "mu_sum", {}}));
}

TEST(Join, ReadsOneStepOnly) {
    const auto said = [](const std::string& body) {
        const task::Task task = task_of(
            "task t(x: f32[N,C], v: f32[C,N]) -> y: f32[N,C]\n  where N = 20, C = 20\n"
            "  mu[c] = sum[n](v[c,n])\n  y[n,c] = " +
            body + "\n");
        const auto kernel = print_kernel(task, Width{}, *parse_trace("join y"));
        return kernel ? "" : kernel.error().text;
    };
    EXPECT_EQ(said("x[n,c] - mu[c]"), "");
    EXPECT_THAT(said("x[n,c] - mu[19-c]"), HasSubstr("does not read the results of one step"));
    EXPECT_THAT(said("x[n,c] - mu[c] * mu[n]"), HasSubstr("does not read the results of one step"));
}

}  // namespace
}  // namespace cupel::schedule

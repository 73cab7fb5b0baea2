// SPDX-License-Identifier: Apache-2.0
#include "task/choice.hpp"

#include <gtest/gtest.h>

namespace cupel::task {
namespace {

std::optional<std::string> choice_of(const std::string& inputs, const std::string& formula) {
    const auto task =
        parse("task t(" + inputs + ") -> y: i64[M] where M = 4, K = 6\n" + formula, "test.task");
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? choice_by_rounding(*task) : std::nullopt;
}

TEST(Choice, AmongComputedValuesHangsOnRoundings) {
    EXPECT_EQ(choice_of("a: f32[M,K], b: f32[K,K]",
                        "  c[i,j] = sum[k](a[i,k] * b[j,k])\n  y[i] = argmax[j](c[i,j])\n"),
              "y");
    EXPECT_EQ(choice_of("a: f32[M,K], b: f32[K]", "  y[i] = argmin[j](a[i,j] - b[j])\n"), "y");
    EXPECT_EQ(choice_of("a: f32[M,K]",
                        "  m[i] = sum[k](a[i,k])\n  n[i] = -m[i]\n"
                        "  y[i] = argmax[k](max(n[i], a[i,k]))\n"),
              "y");
}

TEST(Choice, AmongInputsDoesNot) {
    EXPECT_FALSE(choice_of("a: f32[M,K]", "  y[i] = argmax[k](a[i,k])\n"));
    EXPECT_FALSE(choice_of("a: f32[M,K]", "  y[i] = argmax[k](abs(a[i,k]))\n"));
    EXPECT_FALSE(choice_of("a: f32[M,K]",
                           "  m[i] = max[k](a[i,k])\n  y[i] = argmax[k](a[i,k] < m[i] ? 0 : 1)\n"));
}

TEST(Choice, IsFromATensorOnlyWhereItsElementsAreTakenAsTheyAre) {
    const auto task = parse(
        "task t(a: f32[M,K], b: f32[M,K], c: f32[M,K]) -> y: f32[M] where M = 4, K = 6\n"
        "  y[i] = max[k](a[i,k]) + max[k](b[i,k] * b[i,k]) + sum[k](c[i,k])\n",
        "test.task");
    ASSERT_TRUE(task) << task.error().text;
    EXPECT_TRUE(is_chosen_from(*task, task->inputs[0]));
    EXPECT_FALSE(is_chosen_from(*task, task->inputs[1]));
    EXPECT_FALSE(is_chosen_from(*task, task->inputs[2]));
}

}  // namespace
}  // namespace cupel::task

// SPDX-License-Identifier: Apache-2.0
#include "task/mutants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cupel::task {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

Task task_of(std::string_view text) {
    auto task = parse(text, "t.task");
    EXPECT_TRUE(task) << (task ? "" : task.error().text);
    return task ? *std::move(task) : Task{};
}

std::vector<std::string> names(const std::vector<Mutant>& all) {
    std::vector<std::string> list;
    for (const Mutant& mutant : all)
        list.push_back(mutant.name);
    return list;
}

const Mutant* find(const std::vector<Mutant>& all, std::string_view words) {
    const auto found = std::ranges::find_if(
        all, [&](const Mutant& mutant) { return mutant.name.find(words) != std::string::npos; });
    return found == all.end() ? nullptr : &*found;
}

constexpr std::string_view kSoftmax =
    R"(task softmax(x: f32[B,N]) -> y: f32[B,N] where B = 4, N = 300
  m[b]   = max[n](x[b,n])
  e[b,n] = exp(x[b,n] - m[b])
  y[b,n] = e[b,n] / sum[k](e[b,k])
)";

TEST(Mutants, LeaveOutAndChangeEveryPartOfAFormula) {
    const auto all = mutants(task_of(kSoftmax));
    for (const char* words :
         {"`m` is left out (line 2)", "only the first term of `m` is taken",
          "half of the terms of `m` are dropped", "every 100th term of `y_sum` is dropped",
          "`m` is the min, not the max", "exp is left out of `exp(x[b, n] - m[b])` (line 3)",
          "`m[b]` is left out of `x[b, n] - m[b]`", "index 2 of `x[b, n]` is off by one",
          "`y_sum[b]` is left out", "mul stands for div"}) {
        EXPECT_THAT(names(all), Contains(HasSubstr(words)));
    }
}

TEST(Mutants, AreOtherTasksThanTheirOrigin) {
    const Task task = task_of(kSoftmax);
    for (const Mutant& mutant : mutants(task)) {
        EXPECT_NE(mutant.task.text, print(task)) << mutant.name;
        EXPECT_EQ(mutant.task.inputs.size(), task.inputs.size()) << mutant.name;
    }
}

TEST(Mutants, OfAnInputThatIsNoLongerReadStillDeclareIt) {
    const auto all = mutants(task_of(R"(task t(x: f32[N], b: f32[N]) -> y: f32[N] where N = 8
  y[n] = x[n] * 2 + b[n]
)"));
    const Mutant* mutant = find(all, "`b[n]` is left out");
    ASSERT_NE(mutant, nullptr);
    EXPECT_TRUE(mutant->leaves_out);
    EXPECT_THAT(mutant->task.text, HasSubstr("y[n] = x[n | b[0]] * 2"));
}

TEST(Mutants, CallOnlyAddedAndComparedConstantsGuards) {
    const auto all = mutants(task_of(R"(task t(x: f32[N]) -> y: f32[N] where N = 8
  y[n] = sqrt(max(3 * x[n], 0) + 1e-5)
)"));
    ASSERT_NE(find(all, "the constant 1e-05"), nullptr);
    EXPECT_TRUE(find(all, "the constant 1e-05")->guard);
    EXPECT_TRUE(find(all, "`1e-05` is left out")->guard);
    EXPECT_TRUE(find(all, "`0` is left out of `max(3 * x[n], 0)`")->guard);
    EXPECT_FALSE(find(all, "the constant 3 ")->guard);
    EXPECT_FALSE(find(all, "sqrt is left out")->guard);
}

TEST(Mutants, MoveBoundsAndPaddings) {
    const auto sum = mutants(task_of(R"(task t(x: f32[M,N]) -> y: f32[M,N] where M = 4, N = 8
  y[m,i] = sum[j <= i](x[m,j])
)"));
    EXPECT_NE(find(sum, "the bound of j is one lower"), nullptr);
    EXPECT_NE(find(sum, "the bound of j is left out"), nullptr);
    const auto pool = mutants(task_of(R"(task t(x: f32[N]) -> y: f32[N] where N = 8
  y[n] = max[r < 3](x[n + r - 1 | -inf])
)"));
    EXPECT_NE(find(pool, "the constant -inf is 0"), nullptr);
}

// A part whose mutants the language cannot say would be left out without a word.
TEST(Mutants, ReachEveryStageOfEveryTask) {
    const std::vector<std::string> folders = {CUPEL_ROOT "/tasks"};
    for (const std::string& name : list(folders)) {
        const auto task = load(name, folders);
        ASSERT_TRUE(task) << task.error().text;
        const auto all = mutants(*task);
        for (const Stage& stage : task->stages) {
            EXPECT_THAT(names(all),
                        Contains(HasSubstr("(line " + std::to_string(stage.line) + ")")))
                << name;
        }
        EXPECT_GE(all.size(), 2U) << name;
    }
}

}  // namespace
}  // namespace cupel::task

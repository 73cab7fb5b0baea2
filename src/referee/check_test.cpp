// SPDX-License-Identifier: Apache-2.0
// The checker with a real oracle, and no kernel: the answers are computed here.
#include "referee/check.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

namespace cupel::referee {
namespace {

class OneLongSum : public testing::Test {
protected:
    void SetUp() override {
        auto task = task::parse(
            "task t(x: f32[M,N]) -> y: f32[M] where M = 1, N = 4096\n  y[m] = sum[n](sq(x[m,n]))\n",
            "t");
        ASSERT_TRUE(task) << task.error().text;
        task_ = *std::move(task);
        auto arena = Arena::make(task_, 1, 1);
        ASSERT_TRUE(arena) << arena.error().text;
        arena_.emplace(*std::move(arena));
        auto oracle = OracleClient::start(task_, *arena_, 1);
        ASSERT_TRUE(oracle) << oracle.error().text;
        oracle_.emplace(*std::move(oracle));
    }

    // The answer to the question in slot 0, as honest as the panel's: from the middle on, then the
    // first half.
    void answer() {
        const auto input = arena_->input(0, 0);
        const std::size_t count = input.size() / sizeof(float);
        float sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            float x = 0;
            std::memcpy(&x, input.data() + (i + count / 2) % count * sizeof x, sizeof x);
            sum += x * x;
        }
        std::memcpy(arena_->output(0, 0).data(), &sum, sizeof sum);
    }

    // What a fresh checker says of the first answer it sees.
    std::optional<std::string> first_verdict() {
        Checker checker(task_, *oracle_, *arena_);
        EXPECT_TRUE(checker.study(*arena_));
        arena_->ask(0, Kind::Lawful);
        const auto probe = checker.draw(0, 0, 1);
        EXPECT_TRUE(probe);
        answer();
        AnswerErrors errors;
        return checker.verify(*probe, checker.answer_in(0), errors);
    }

    task::Task task_;
    std::optional<Arena> arena_;
    std::optional<OracleClient> oracle_;
};

// Unprepared, one judgement in ten ends here with an honest kernel called wrong.
TEST_F(OneLongSum, AnHonestOrderHoldsFromTheFirstQuestionOn) {
    for (int i = 0; i < 60; ++i) {
        const auto wrong = first_verdict();
        ASSERT_EQ(wrong, std::nullopt) << *wrong;
    }
}

// A sum that can cancel takes no rule from the softmax beside it, nor the softmax the sum's.
TEST(FormulaOfAnOutput, FollowsFromTheStagesThatItIsMadeBy) {
    const auto task = task::parse(
        "task t(x: f32[B,N], w: f32[B,N]) -> y: f32[B,N], z: f32[B], v: f32[B] where B = 3, N = "
        "64\n"
        "  e[b,n] = exp(x[b,n] - max[k](x[b,k]))\n"
        "  y[b,n] = e[b,n] / sum[k](e[b,k])\n"
        "  z[b] = sum[n](x[b,n] * w[b,n])\n"
        "  v[b] = z[b] * 2\n",
        "t");
    ASSERT_TRUE(task) << task.error().text;
    const auto formula = [&](std::size_t output) {
        return formula_of(*task, task->outputs[output], Adders::Processor);
    };
    EXPECT_TRUE(formula(0).never_cancels);
    EXPECT_FALSE(formula(0).adds_only);
    EXPECT_FALSE(formula(0).one_sum);
    EXPECT_EQ(formula(0).terms, 1);
    EXPECT_FALSE(formula(1).never_cancels);
    EXPECT_TRUE(formula(1).adds_only);
    EXPECT_TRUE(formula(1).one_sum);
    EXPECT_EQ(formula(1).terms, 64);
    EXPECT_FALSE(formula(2).one_sum) << "what is read of z may have been stored";
}

}  // namespace
}  // namespace cupel::referee

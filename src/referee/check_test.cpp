// SPDX-License-Identifier: Apache-2.0
// The checker with a real oracle, and no kernel: the answers are computed here.
#include "referee/check.hpp"

#include <gtest/gtest.h>

#include <cstring>

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
        Errors errors;
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

}  // namespace
}  // namespace cupel::referee

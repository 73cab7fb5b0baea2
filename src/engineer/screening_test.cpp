// SPDX-License-Identifier: Apache-2.0
#include "engineer/screening.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cupel::engineer {
namespace {

using verdict::Status;

// Two processes of four rounds; the candidate takes `candidate` times the incumbent's second.
verdict::Verdict screened(Status status, double mid, double candidate, int losses = 0) {
    verdict::Verdict verdict;
    verdict.status = status;
    verdict.speedup = verdict::Speedup{{mid / 2, mid, mid * 2, 0.95}, "incumbent"};
    for (int process = 0; process < 2; ++process) {
        for (int round = 0; round <= 4; ++round) {
            const bool counted = round > 0;
            const double factor = counted && losses-- > 0 ? 1.1 : candidate;
            verdict.samples.push_back({"candidate", process, round, 0, 1, factor, counted});
            verdict.samples.push_back({"incumbent", process, round, 1, 1, 1.0, counted});
        }
    }
    return verdict;
}

TEST(ReadScreen, RoundsThatAllAgreeDecideWhatTwoProcessesCannot) {
    const auto reading = read_screen(screened(Status::NotResolved, 1.03, 0.97));
    ASSERT_TRUE(reading);
    EXPECT_TRUE(reading->faster);
    EXPECT_NEAR(reading->log_ratio, std::log(1.03), 1e-12);
    EXPECT_LT(reading->half_width, 0.01);
}

TEST(ReadScreen, OneLostRoundInEightIsNotEnough) {
    EXPECT_FALSE(read_screen(screened(Status::NotResolved, 1.03, 0.97, 1))->faster);
    EXPECT_FALSE(read_screen(screened(Status::NotResolved, 0.9, 1.1))->faster);
}

TEST(ReadScreen, UncountedAndUnequalRoundsAreNotUsed) {
    verdict::Verdict verdict = screened(Status::NotResolved, 1.03, 0.97);
    verdict.samples[2].questions = 7;
    EXPECT_FALSE(read_screen(verdict)->faster);
    verdict = screened(Status::NotResolved, 1.03, 0.97);
    verdict.samples[3].counted = false;
    EXPECT_FALSE(read_screen(verdict)->faster);
}

TEST(ReadScreen, WithoutRoundsTheVerdictDecides) {
    verdict::Verdict verdict = screened(Status::Faster, 3, 0.3);
    verdict.samples.clear();
    EXPECT_TRUE(read_screen(verdict)->faster);
    EXPECT_NEAR(read_screen(verdict)->half_width, std::log(2), 1e-12);
    verdict.status = Status::NotResolved;
    EXPECT_FALSE(read_screen(verdict)->faster);
    verdict.speedup->ratio.high = std::numeric_limits<double>::infinity();
    EXPECT_EQ(read_screen(verdict)->half_width, 1);
}

TEST(ReadScreen, AWrongKernelIsNeverFaster) {
    EXPECT_FALSE(read_screen(screened(Status::Wrong, 3, 0.3))->faster);
}

TEST(ReadScreen, WithoutAUsableRatioThereIsNoReading) {
    EXPECT_FALSE(read_screen(verdict::Verdict()));
    for (const double mid : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        EXPECT_FALSE(read_screen(screened(Status::Faster, mid, 0.5)));
    }
}

}  // namespace
}  // namespace cupel::engineer

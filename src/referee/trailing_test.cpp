// SPDX-License-Identifier: Apache-2.0
#include "referee/trailing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "referee/conclude.hpp"

namespace cupel::referee {
namespace {

const std::vector<std::string> kPanel = {"naive", "library"};

// Windows of one question, of three processes; some are held up by thirty times their length.
std::vector<verdict::Sample> windows(const std::map<std::string, double>& seconds, int rounds,
                                     double held_up, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> draw(0, 1);
    std::vector<verdict::Sample> samples;
    for (int process = 0; process < kTrailProcesses; ++process) {
        for (int round = 1; round <= rounds; ++round) {
            for (const auto& [name, each] : seconds) {
                verdict::Sample sample;
                sample.contender = name;
                sample.process = process;
                sample.round = round;
                sample.seconds = each * (draw(random) < held_up ? 30 : 1);
                samples.push_back(sample);
            }
        }
    }
    return samples;
}

TEST(Trailing, WhoTakesMoreThanTwiceAsLongIsBehind) {
    const auto samples = windows({{"naive", 5e-3}, {"library", 1e-3}}, 3, 0, 1);
    EXPECT_TRUE(is_behind(samples, "naive", kPanel, 0));
    EXPECT_FALSE(is_behind(samples, "library", kPanel, 0));
    const auto close = windows({{"naive", 1.9e-3}, {"library", 1e-3}}, 3, 0, 1);
    EXPECT_FALSE(is_behind(close, "naive", kPanel, 0));
}

TEST(Trailing, FewerWindowsThanThreeAProcessSayNothing) {
    const auto samples = windows({{"naive", 5e-3}, {"library", 1e-3}}, 2, 0, 1);
    EXPECT_FALSE(is_behind(samples, "naive", kPanel, 0));
    EXPECT_FALSE(is_behind({}, "naive", kPanel, 0));
    EXPECT_TRUE(std::isinf(least_seconds(samples, "absent", 0)));
    EXPECT_DOUBLE_EQ(least_seconds(samples, "library", 0, 1), 1e-3);
}

// The best of a panel must not be lost to noise: a claim would then be over a worse one.
TEST(Trailing, ABusyMachineCondemnsNobodyWhoIsQuick) {
    int behind = 0;
    for (unsigned seed = 0; seed < 4000; ++seed) {
        const auto samples = windows({{"naive", 1e-3}, {"library", 1.1e-3}}, 3, 0.3, seed);
        behind += is_behind(samples, "naive", kPanel, 0) ? 1 : 0;
    }
    EXPECT_LE(behind, 1);  // expected: 4000 * (0.3^3)^3, less than one in ten runs of this test
}

TEST(Trailing, TheBestIsWhoHasTheLeastMedianOfThoseWhoAreNear) {
    EXPECT_EQ(best_of(windows({{"naive", 1.1e-3}, {"library", 1e-3}}, 5, 0, 1), kPanel, "", 0).name,
              "library");
    EXPECT_EQ(best_of(windows({{"library", 1e-3}}, 5, 0, 1), kPanel, "", 0).name, "library");
    EXPECT_EQ(best_of({}, kPanel, "", 0).name, "");
    int other_medians = 0;
    for (unsigned seed = 0; seed < 4000; ++seed) {
        const auto samples = windows({{"naive", 1e-3}, {"library", 7e-3}}, 6, 0.5, seed);
        const Best best = best_of(samples, kPanel, "", 0);
        EXPECT_EQ(best.name, "naive") << seed;
        other_medians += best.by_median == "naive" ? 0 : 1;
    }
    EXPECT_GT(other_medians, 400);  // what medians alone would have chosen
}

// A kernel of the user's may be quick on purpose, in a window or two; a warm-up counts for nobody.
TEST(Trailing, WhoIsQuickNowAndThenPutsNobodyAside) {
    auto samples = windows({{"naive", 3e-3}, {"yours", 29e-3}}, 6, 0, 1);
    const std::vector<std::string> panel = {"naive", "yours"};
    for (verdict::Sample& sample : samples)
        if (sample.contender == "yours" && sample.round == 1) sample.seconds = 5e-4;
    EXPECT_EQ(best_of(samples, panel, "yours", 0).name, "naive");
    EXPECT_EQ(best_of(samples, panel, "", 0).name, "yours");
    EXPECT_EQ(best_of(samples, panel, "", 0).by_median, "naive");
    for (verdict::Sample& sample : samples)
        sample.counted = sample.round != 1;
    EXPECT_EQ(best_of(samples, panel, "", 0).name, "naive");
}

// Thirty times over one of the two, three times over the other, and who is the best is not sure.
TEST(Trailing, WhatIsClaimedHoldsOverEitherBest) {
    const task::Task task =
        task::parse("task copy(x: f32[N]) -> y: f32[N] where N = 1024\n  y[n] = x[n] * 2\n",
                    "copy.task", {})
            .value();
    auto samples = windows({{"candidate", 1e-3}, {"naive", 3e-3}, {"library", 29e-3}}, 6, 0, 1);
    verdict::Verdict verdict;
    verdict.samples = samples;
    conclude({task, {}, {}, 0}, kPanel, verdict);
    EXPECT_EQ(verdict.speedup->baseline, "naive");
    for (verdict::Sample& sample : samples)
        if (sample.contender == "library" && sample.round == 1) sample.seconds = 5e-4;
    ASSERT_NE(best_of(samples, kPanel, "", 0).name, best_of(samples, kPanel, "", 0).by_median);
    verdict.samples = samples;
    conclude({task, {}, {}, 0}, kPanel, verdict);
    EXPECT_EQ(verdict.status, verdict::Status::Faster);
    EXPECT_EQ(verdict.speedup->baseline, "naive");
    EXPECT_NEAR(verdict.speedup->ratio.mid, 3, 0.1);
}

}  // namespace
}  // namespace cupel::referee

// SPDX-License-Identifier: Apache-2.0
#include "referee/estimate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <random>

#include "referee/referee.hpp"

namespace cupel::referee {
namespace {

struct Simulation {
    double candidate = 1e-3;
    double baseline = 2e-3;
    double process_noise = 0.002;
    double round_noise = 0.01;
    double overhead = 5e-5;
    int processes = 8;
    int rounds = 12;
    int questions = 1;
    double window_noise = 0;  // seconds, of what a window costs besides its calls
};

std::vector<verdict::Sample> simulate(const Simulation& s, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::vector<verdict::Sample> samples;
    for (int process = 0; process < s.processes; ++process) {
        const double bias = 1 + s.process_noise * normal(random);
        for (int round = 0; round <= s.rounds; ++round) {
            const auto add = [&](std::string name, double seconds, int order) {
                const double noisy = seconds * (1 + s.round_noise * normal(random)) * s.questions +
                                     s.overhead + s.window_noise * normal(random);
                samples.push_back({.contender = std::move(name),
                                   .process = process,
                                   .round = round,
                                   .order = order,
                                   .questions = s.questions,
                                   .seconds = noisy,
                                   .counted = round > 0,
                                   .first_key = 0});
            };
            add(std::string(kCandidate), s.candidate * bias, 0);
            add("naive", s.baseline, 1);
        }
    }
    return samples;
}

TEST(Estimate, FindsAKnownRatioOnceTheWindowsCostIsTakenOff) {
    const verdict::Interval ratio = to_interval(log_speedup(simulate({}, 1), "naive", 5e-5));
    EXPECT_NEAR(ratio.mid, 2, 0.01);
    EXPECT_LT(ratio.low, 2);
    EXPECT_GT(ratio.high, 2);
    EXPECT_LT(ratio.half_width(), 0.01);
    EXPECT_EQ(decide(ratio), verdict::Status::Faster);
}

// Calls of 10 ms in windows that cost 60 us more than brief ones: on one figure for all the ratio
// would be 1.2485.
TEST(Estimate, LongWindowsCostMore) {
    constexpr Overhead kCost(6e-5, 12e-5);
    EXPECT_DOUBLE_EQ(kCost.of(0), 6e-5);
    EXPECT_DOUBLE_EQ(kCost.of(4.25e-3), 9e-5);
    EXPECT_DOUBLE_EQ(kCost.of(1), 12e-5);
    EXPECT_DOUBLE_EQ(Overhead(6e-5, 3e-3).of(1), 18e-5);  // measured beside busy neighbours
    EXPECT_DOUBLE_EQ(kCost.apart(1), 3e-5);
    EXPECT_DOUBLE_EQ(Overhead(6e-5, 6e-5, 4e-5).apart(0), 4e-5);
    EXPECT_DOUBLE_EQ(Overhead(6e-5, 6e-5, -1e-5).apart(0), 1.5e-5);
    const auto samples = simulate({.candidate = 10e-3,
                                   .baseline = 12.5e-3,
                                   .process_noise = 0.0001,
                                   .round_noise = 0.0005,
                                   .overhead = 12e-5},
                                  1);
    const verdict::Interval ratio = to_interval(log_speedup(samples, "naive", kCost));
    EXPECT_LT(ratio.low, 1.25);
    EXPECT_GT(ratio.high, 1.25);
    EXPECT_LT(to_interval(log_speedup(samples, "naive", kCost.brief())).high, 1.25);
    EXPECT_NEAR(advantage_bound(samples, kCost), 12e-5, 1e-12);
}

// A baseline that wakes threads, which costs its windows 40 us of 60 more, beside a candidate that
// wakes none and does all work of a window in its first call: as quick as the baseline, in truth.
TEST(Estimate, NoGainIsMadeOfThreadsThatOnlyOneWakes) {
    int claims = 0;
    int believed = 0;
    for (unsigned seed = 0; seed < 200; ++seed) {
        const auto windows = [&](double candidate, double baseline, int questions) {
            return simulate({.candidate = candidate,
                             .baseline = baseline,
                             .overhead = 6e-5,
                             .rounds = 9,
                             .questions = questions,
                             .window_noise = 4e-6},
                            seed * 2 + static_cast<unsigned>(questions == 1));
        };
        auto samples = windows(5e-5, 1e-4, 20);
        for (verdict::Sample sample : windows(1e-4, 1.4e-4, 1)) {
            sample.round += 100;
            samples.push_back(sample);
        }
        const auto is_claim = [&](Overhead overhead) {
            return decide(to_interval(log_speedup(samples, "naive", overhead))) ==
                   verdict::Status::Faster;
        };
        claims += is_claim(Overhead(6e-5, 6e-5, 4e-5)) ? 1 : 0;
        believed += is_claim(Overhead(6e-5, 6e-5)) ? 1 : 0;
    }
    EXPECT_LE(claims, 5);
    EXPECT_GE(believed, 150);  // without the figure
}

// Windows of one question take 110 and 160 us there: over one another they would say 1.45.
TEST(Estimate, AKnownGainOfCallsThatLastAboutAsLongAsWindowsCostIsFound) {
    const auto windows = [](int questions) {
        return simulate({.candidate = 5e-5,
                         .baseline = 1e-4,
                         .overhead = 6e-5,
                         .rounds = 9,
                         .questions = questions,
                         .window_noise = 2e-6},
                        static_cast<unsigned>(questions));
    };
    auto samples = windows(20);
    for (verdict::Sample sample : windows(1)) {
        sample.round += 100;
        samples.push_back(sample);
    }
    const verdict::Interval ratio = to_interval(log_speedup(samples, "naive", 6e-5));
    EXPECT_NEAR(ratio.mid, 2, 0.02);
    EXPECT_GT(ratio.low, 1.8);
}

TEST(Estimate, IdenticalCodeIsSeldomCalledDifferent) {
    int claims = 0;
    for (unsigned seed = 0; seed < 1000; ++seed) {
        const auto samples =
            simulate({.candidate = 1e-3, .baseline = 1e-3, .round_noise = 0.03}, seed);
        claims +=
            decide(to_interval(log_speedup(samples, "naive", 5e-5))) != verdict::Status::NotResolved
                ? 1
                : 0;
    }
    EXPECT_LE(claims, 50);
}

TEST(Estimate, TheIntervalCoversTheTruthAsOftenAsItSays) {
    int covered = 0;
    for (unsigned seed = 0; seed < 1000; ++seed) {
        const verdict::Interval ratio =
            to_interval(log_speedup(simulate({.process_noise = 0.01}, seed), "naive", 5e-5));
        covered += ratio.low <= 2 && 2 <= ratio.high ? 1 : 0;
    }
    EXPECT_GE(covered, 920);
    EXPECT_LE(covered, 985);
}

TEST(Estimate, RoundZeroIsNeverCounted) {
    auto samples = simulate({}, 3);
    const auto before = log_speedup(samples, "naive", 5e-5);
    for (verdict::Sample& sample : samples) {
        if (!sample.counted) sample.seconds *= 100;
    }
    EXPECT_EQ(log_speedup(samples, "naive", 5e-5), before);
}

TEST(Estimate, AKernelThatIsOnlyQuickInBatchesIsHeldToItsSingleWindows) {
    auto samples = simulate({.candidate = 0.2e-3, .questions = 8}, 4);
    for (verdict::Sample single : simulate({.candidate = 1e-3, .rounds = 4}, 5)) {
        single.round += 100;
        samples.push_back(single);
    }
    const verdict::Interval ratio = to_interval(log_speedup(samples, "naive", 5e-5));
    EXPECT_NEAR(ratio.mid, 2, 0.1);
}

// The two kinds of windows need not be so far apart that their intervals part company.
TEST(Estimate, ADifferenceBeyondChanceIsEnoughForTheSlowerFigure) {
    auto samples = simulate({.candidate = 0.96e-3, .process_noise = 0.012, .questions = 8}, 7);
    for (verdict::Sample single :
         simulate({.candidate = 1e-3, .process_noise = 0.03, .rounds = 4}, 8)) {
        single.round += 100;
        samples.push_back(single);
    }
    const verdict::Interval ratio = to_interval(log_speedup(samples, "naive", 5e-5));
    EXPECT_NEAR(ratio.mid, 2, 0.05);
    EXPECT_LT(ratio.high, 2.1);
}

// Calls of 10 us in windows that cost 60 us, give or take 8: windows of one question, divided by
// one another, would say 1.02 of a candidate that is 1.25 times as fast.
std::vector<verdict::Sample> short_calls(double batch, double single, unsigned seed) {
    const auto windows = [&](double candidate, int questions) {
        return simulate({.candidate = candidate,
                         .baseline = 1.25e-5,
                         .overhead = 6e-5,
                         .rounds = 9,
                         .questions = questions,
                         .window_noise = 8e-6},
                        seed * 2 + static_cast<unsigned>(questions == 1));
    };
    auto samples = windows(batch, 50);
    for (verdict::Sample sample : windows(single, 1)) {
        sample.round += 100;
        samples.push_back(sample);
    }
    return samples;
}

TEST(Estimate, WhatAWindowCostsDoesNotHideAKnownRatioOfShortCalls) {
    int near = 0;
    int covered = 0;
    for (unsigned seed = 0; seed < 400; ++seed) {
        const verdict::Interval ratio =
            to_interval(log_speedup(short_calls(1e-5, 1e-5, seed), "naive", 6e-5));
        near += std::abs(ratio.mid - 1.25) < 0.02 ? 1 : 0;
        covered += ratio.low <= 1.25 && 1.25 <= ratio.high ? 1 : 0;
    }
    EXPECT_GE(near, 385);  // in all others chance had the windows of one question contradict
    EXPECT_GE(covered, 372);
}

int called_faster(double batch, double single,
                  const std::function<void(verdict::Sample&)>& change) {
    int faster = 0;
    for (unsigned seed = 0; seed < 100; ++seed) {
        auto samples = short_calls(batch, single, seed);
        for (verdict::Sample& sample : samples)
            change(sample);
        const verdict::Interval ratio = to_interval(log_speedup(samples, "naive", 6e-5));
        faster += decide(ratio) == verdict::Status::Faster ? 1 : 0;
    }
    return faster;
}

TEST(Estimate, ShortCallsThatAreOnlyQuickInBatchesGainNothing) {
    const auto as_it_is = [](verdict::Sample&) {};
    EXPECT_EQ(called_faster(0.6e-5, 1.25e-5, as_it_is), 0);
    // The baseline wakes a second thread in each of its windows, the candidate does not.
    const auto wakes = [](verdict::Sample& sample) {
        if (sample.contender == "naive") sample.seconds += 1.5e-5;
    };
    EXPECT_LE(called_faster(0.6e-5, 1.25e-5, wakes), 2);
    EXPECT_LE(called_faster(0.6e-5, 1.5e-5, wakes), 2);  // all that they may differ in
}

// Ten times as fast in batches, 2.5 times alone, in windows so noisy that they seldom contradict.
TEST(Estimate, NoLowEndIsManyTimesWhatSingleWindowsAreSureOf) {
    int overstated = 0;
    for (unsigned seed = 0; seed < 100; ++seed) {
        auto samples = simulate({.candidate = 0.2e-3, .questions = 8}, 2 * seed);
        for (verdict::Sample single :
             simulate({.candidate = 0.8e-3, .rounds = 4, .window_noise = 1e-3}, 2 * seed + 1)) {
            single.round += 100;
            samples.push_back(single);
        }
        const verdict::Interval ratio = to_interval(log_speedup(samples, "naive", 5e-5));
        overstated += ratio.low > 2.5 * kMostForgiven ? 1 : 0;
    }
    EXPECT_LE(overstated, 5);  // 2.5 % are what a level of 95 % leaves on one side
}

// Nine processes without a gain in their single windows and one that dawdles in them: an interval
// so wide that it contradicts no batch.
TEST(Estimate, NoiseInSingleWindowsIsNoLeaveToWorkAhead) {
    auto samples = simulate({.candidate = 0.66e-3, .questions = 8}, 9);
    const std::size_t batches = samples.size();
    EXPECT_EQ(decide(to_interval(log_speedup(samples, "naive", 5e-5))), verdict::Status::Faster);
    for (verdict::Sample single : simulate({.candidate = 1e-3, .rounds = 4}, 10)) {
        single.round += 100;
        if (single.process == 3 && single.contender == kCandidate) single.seconds *= 200;
        samples.push_back(single);
    }
    const verdict::Interval ratio = to_interval(log_speedup(samples, "naive", 5e-5));
    EXPECT_EQ(decide(ratio), verdict::Status::NotResolved);
    EXPECT_LT(ratio.low, 1);
    // An honest one is as quick in both.
    samples.resize(batches);
    for (verdict::Sample single : simulate({.candidate = 0.66e-3, .rounds = 4}, 10)) {
        single.round += 100;
        samples.push_back(single);
    }
    EXPECT_EQ(decide(to_interval(log_speedup(samples, "naive", 5e-5))), verdict::Status::Faster);
}

TEST(Decide, WhatAWindowCouldHideIsNotClaimed) {
    verdict::Verdict verdict;
    verdict.speedup =
        verdict::Speedup{.ratio = {.low = 1.02, .mid = 1.03, .high = 1.04}, .baseline = "naive"};
    verdict.seconds = 1e-3;
    verdict.advantage_bound = 1e-6;
    EXPECT_EQ(decide(verdict), verdict::Status::Faster);
    verdict.advantage_bound = 5e-5;
    EXPECT_EQ(decide(verdict), verdict::Status::NotResolved);
    verdict.speedup->ratio = {.low = 0.9, .mid = 0.91, .high = 0.92};
    EXPECT_EQ(decide(verdict), verdict::Status::Slower);
}

// A quiet machine loses nothing, a loud one what its neighbours' rhythm may have made.
TEST(Decide, AWideIntervalMustClearOneByMore) {
    using verdict::Status;
    EXPECT_EQ(decide({.low = 1.0065, .mid = 1.01, .high = 1.0135}), Status::Faster);
    EXPECT_EQ(decide({.low = 1.02, .mid = 1.22, .high = 1.45}), Status::NotResolved);
    EXPECT_EQ(decide({.low = 1.04, .mid = 1.22, .high = 1.43}), Status::Faster);
    EXPECT_EQ(decide({.low = 0.69, .mid = 0.82, .high = 0.98}), Status::NotResolved);
    EXPECT_EQ(decide({.low = 0.70, .mid = 0.82, .high = 0.96}), Status::Slower);
}

TEST(Estimate, OneProcessIsNoEvidence) {
    const verdict::Interval ratio =
        to_interval(log_speedup(simulate({.processes = 1}, 6), "naive", 5e-5));
    EXPECT_EQ(decide(ratio), verdict::Status::NotResolved);
}

TEST(Estimate, TheCorrectionNeverTakesMoreThanHalfAWindow) {
    const verdict::Sample sample{.contender = "candidate",
                                 .process = 0,
                                 .round = 1,
                                 .order = 0,
                                 .questions = 1,
                                 .seconds = 5.1e-5,
                                 .counted = true,
                                 .first_key = 0};
    EXPECT_DOUBLE_EQ(seconds_per_question(sample, 5e-5), 2.55e-5);
}

TEST(Reconcile, AgreeingMeasurementsKeepTheSecondFigure) {
    verdict::Verdict first;
    first.status = verdict::Status::Faster;
    first.speedup =
        verdict::Speedup{.ratio = {.low = 1.98, .mid = 2.0, .high = 2.02}, .baseline = "naive"};
    verdict::Verdict second = first;
    second.speedup->ratio = {.low = 1.96, .mid = 1.98, .high = 2.0};
    EXPECT_EQ(reconcile(first, second).status, verdict::Status::Faster);
    EXPECT_DOUBLE_EQ(reconcile(first, second).speedup->ratio.mid, 1.98);
}

TEST(Reconcile, DisagreeingMeasurementsClaimNothing) {
    verdict::Verdict first;
    first.status = verdict::Status::Faster;
    first.speedup =
        verdict::Speedup{.ratio = {.low = 2.98, .mid = 3.0, .high = 3.02}, .baseline = "naive"};
    verdict::Verdict second = first;
    second.speedup->ratio = {.low = 1.96, .mid = 1.98, .high = 2.0};
    EXPECT_EQ(reconcile(first, second).status, verdict::Status::NotResolved);
    EXPECT_EQ(reconcile(first, second).law, 11);
}

verdict::Interval interval(double low, double mid, double high) {
    return {.low = low, .mid = mid, .high = high};
}

TEST(SameFigure, NeedsIntervalsThatOverlap) {
    EXPECT_TRUE(same_figure(interval(1.9, 2.0, 2.1), interval(2.0, 2.2, 2.4)));
    EXPECT_FALSE(same_figure(interval(1.9, 2.0, 2.1), interval(2.2, 2.4, 2.6)));
    EXPECT_TRUE(same_figure(interval(1.9, 2.0, 2.1), interval(3.9, 4.2, 4.5), 2));
    EXPECT_FALSE(same_figure(interval(1.9, 2.0, 2.1), interval(4.4, 4.6, 4.8), 2));
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(same_figure(interval(nan, nan, nan), interval(1.9, 2.0, 2.1)));
}

TEST(SameFigure, ForgivesNoMoreHoweverWideAnIntervalIs) {
    EXPECT_FALSE(same_figure(interval(5.4, 23.7, 103.4), interval(3.4, 4.23, 5.2)));
    EXPECT_FALSE(same_figure(interval(1, 23.7, 562), interval(3.4, 4.23, 5.2)));
    EXPECT_FALSE(same_figure(interval(1, 23.7, 562), interval(3.4, 4.23, 5.2), 2));
    EXPECT_TRUE(same_figure(interval(1, 5.8, 34), interval(3.4, 4.23, 5.2)));
}

TEST(Reconcile, AWideIntervalIsNoExcuseForAFigureFarOff) {
    verdict::Verdict first;
    first.status = verdict::Status::Faster;
    first.speedup = verdict::Speedup{.ratio = interval(5.4, 23.7, 103.4), .baseline = "naive"};
    verdict::Verdict second = first;
    second.speedup->ratio = interval(3.4, 4.23, 5.2);
    EXPECT_EQ(reconcile(first, second).law, 11);
}

}  // namespace
}  // namespace cupel::referee

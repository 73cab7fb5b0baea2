// SPDX-License-Identifier: Apache-2.0
#include "stats/interval.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

namespace cupel::stats {
namespace {

using Values = std::vector<double>;

TEST(MeanInterval, IsStudents) {
    // R: t.test(c(1, 2, 3, 4, 5))
    const Estimate e = mean_interval(Values{1, 2, 3, 4, 5});
    EXPECT_NEAR(e.low, 1.036756838522439, 1e-9);
    EXPECT_NEAR(e.mid, 3, 1e-12);
    EXPECT_NEAR(e.high, 4.963243161477561, 1e-9);
    EXPECT_EQ(e.n, 5u);
}

TEST(MeanInterval, SaysNothingWhereNothingIsKnown) {
    for (const Values& values : {Values{}, Values{0.3}, Values{1, std::nan(""), 2},
                                 Values{1, std::numeric_limits<double>::infinity()}}) {
        const Estimate e = mean_interval(values);
        EXPECT_TRUE(std::isinf(e.low) && e.low < 0);
        EXPECT_TRUE(std::isinf(e.high) && e.high > 0);
        EXPECT_TRUE(std::isfinite(e.mid));
    }
}

TEST(MeanInterval, AHigherLevelIsWider) {
    const Values values = {0.1, 0.12, 0.09, 0.11, 0.1};
    EXPECT_LT(mean_interval(values, 0.99).low, mean_interval(values, 0.95).low);
    EXPECT_GT(mean_interval(values, 0.99).high, mean_interval(values, 0.95).high);
}

TEST(MedianInterval, TakesTheRanksOfTheSignTest) {
    // n = 10 at 95 %: ranks 2 and 9 (coverage 0.9785); n = 6: the extremes (0.96875).
    const Estimate ten = median_interval(Values{10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
    EXPECT_EQ(ten.low, 2);
    EXPECT_EQ(ten.mid, 5.5);
    EXPECT_EQ(ten.high, 9);
    const Estimate six = median_interval(Values{1, 2, 3, 4, 5, 6});
    EXPECT_EQ(six.low, 1);
    EXPECT_EQ(six.high, 6);
}

TEST(MedianInterval, FiveValuesCannotGive95Percent) {
    EXPECT_TRUE(std::isinf(median_interval(Values{1, 2, 3, 4, 5}).high));
    EXPECT_EQ(median_interval(Values{1, 2, 3, 4, 5}, 0.9).high, 5);
}

TEST(LogRatio, IsPositiveForTheFasterCandidate) {
    EXPECT_DOUBLE_EQ(log_ratio({.baseline = 2, .candidate = 1}), std::log(2.0));
    EXPECT_DOUBLE_EQ(log_ratio({.baseline = 1, .candidate = 2}), -std::log(2.0));
}

TEST(LogRatio, ATimeThatIsNotPositiveHasNone) {
    EXPECT_TRUE(std::isnan(log_ratio({.baseline = 0, .candidate = 1})));
    EXPECT_TRUE(std::isnan(log_ratio({.baseline = 1, .candidate = -1})));
    EXPECT_TRUE(std::isnan(log_ratio({.baseline = 1, .candidate = std::nan("")})));
}

TEST(SpeedupInterval, CountsProcessesNotRounds) {
    const double two = std::log(2.0);
    // Each process is consistent with itself; a wild round moves no median.
    const std::vector<Values> processes = {Values(60, two), Values(60, two + 0.01),
                                           Values{two - 0.01, two - 0.01, 50}};
    const Estimate e = to_ratio(speedup_interval(processes));
    EXPECT_EQ(e.n, 3u);
    EXPECT_NEAR(e.mid, 2, 1e-9);
    EXPECT_NEAR(std::log(e.high / e.mid), 4.302652729911275 * 0.01 / std::sqrt(3.0), 1e-9);
}

TEST(SpeedupInterval, AProcessWithoutRoundsLeavesNothingKnown) {
    const std::vector<Values> processes = {Values(60, 0.5), Values{}};
    EXPECT_EQ(to_ratio(speedup_interval(processes)).low, 0);
    EXPECT_TRUE(std::isinf(to_ratio(speedup_interval(processes)).high));
}

TEST(Agree, TwoMeasurementsOfOneThingDo) {
    const Estimate first = mean_interval(Values{0.100, 0.101, 0.099, 0.102});
    const Estimate second = mean_interval(Values{0.101, 0.100, 0.102, 0.101});
    EXPECT_TRUE(agree(first, second));
    EXPECT_TRUE(agree(second, first));
}

TEST(Agree, AStepBetweenThemIsSeen) {
    const Estimate first = mean_interval(Values{0.100, 0.101, 0.099, 0.102});
    const Estimate second = mean_interval(Values{0.131, 0.130, 0.132, 0.131});
    EXPECT_FALSE(agree(first, second));
    EXPECT_TRUE(agree(first, second, 0.04));
}

TEST(Agree, TheThresholdIsWelchs) {
    // R: t.test(c(1,2,3,4,5), c(2,4,6,8,10)) : t = -1.897, 5.882 degrees, p = 0.107.
    const Values first = {1, 2, 3, 4, 5};
    const Values second = {2, 4, 6, 8, 10};
    EXPECT_TRUE(agree(mean_interval(first, 0.90), mean_interval(second, 0.90)));
    EXPECT_FALSE(agree(mean_interval(first, 0.88), mean_interval(second, 0.88)));
}

TEST(Agree, ExactMeasurementsMustBeEqual) {
    const Estimate one = mean_interval(Values{1, 1, 1});
    const Estimate two = mean_interval(Values{2, 2, 2});
    EXPECT_TRUE(agree(one, one));
    EXPECT_FALSE(agree(one, two));
}

TEST(Agree, NothingKnownContradictsNothing) {
    EXPECT_TRUE(agree(mean_interval(Values{1}), mean_interval(Values{2, 2, 2})));
}

// Share of experiments of eight processes whose 95 % interval holds the truth.
double coverage(const std::function<Values()>& process, double truth) {
    constexpr int kExperiments = 4000;
    int covered = 0;
    for (int i = 0; i < kExperiments; ++i) {
        std::vector<Values> processes;
        for (int p = 0; p < 8; ++p)
            processes.push_back(process());
        const Estimate e = speedup_interval(processes);
        covered += e.low <= truth && truth <= e.high ? 1 : 0;
    }
    return covered / static_cast<double>(kExperiments);
}

TEST(SpeedupInterval, Covers95PercentOfNormalExperiments) {
    std::mt19937_64 random(20250220);
    std::normal_distribution<double> noise;
    const double share = coverage(
        [&] {
            const double layout = 0.002 * noise(random);  // shared by all rounds of a process
            Values rounds(15);
            for (double& x : rounds)
                x = 0.4 + layout + 0.02 * noise(random);
            return rounds;
        },
        0.4);
    EXPECT_GE(share, 0.93);
    EXPECT_LE(share, 0.97);
}

TEST(SpeedupInterval, Covers95PercentOfExperimentsWithSkewedTimes) {
    // Interrupts only ever add: times have a floor and a long right tail.
    std::mt19937_64 random(20250221);
    std::exponential_distribution<double> tail;
    std::normal_distribution<double> layout(0, 0.002);
    const auto round = [&](double shift) {
        const double baseline = std::exp(shift) * (1 + 0.05 * tail(random));
        const double candidate = 0.5 * (1 + 0.05 * tail(random));
        return log_ratio({.baseline = baseline, .candidate = candidate});
    };
    const double share = coverage(
        [&] {
            const double shift = layout(random);
            Values rounds(15);
            for (double& x : rounds)
                x = round(shift);
            return rounds;
        },
        std::log(2.0));
    EXPECT_GE(share, 0.93);
    EXPECT_LE(share, 0.97);
}

TEST(MedianInterval, CoversAtLeast95PercentWhateverTheDistribution) {
    std::mt19937_64 random(5);
    std::exponential_distribution<double> draw;
    int covered = 0;
    for (int i = 0; i < 4000; ++i) {
        Values values(8);
        for (double& x : values)
            x = draw(random);
        const Estimate e = median_interval(values);
        covered += e.low <= std::log(2.0) && std::log(2.0) <= e.high ? 1 : 0;
    }
    EXPECT_GE(covered, 3800);
}

TEST(Agree, RarelyDoubtsTwoMeasurementsOfOneThing) {
    std::mt19937_64 random(6);
    std::normal_distribution<double> draw;
    int doubted = 0;
    for (int i = 0; i < 4000; ++i) {
        Values first(8);
        Values second(5);
        for (double& x : first)
            x = draw(random);
        for (double& x : second)
            x = 3 * draw(random);
        doubted += agree(mean_interval(first), mean_interval(second)) ? 0 : 1;
    }
    EXPECT_LE(doubted, 280);
    EXPECT_GE(doubted, 120);
}

}  // namespace
}  // namespace cupel::stats

// SPDX-License-Identifier: Apache-2.0
#include "stats/sample.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace cupel::stats {
namespace {

using Values = std::vector<double>;

TEST(Sample, MedianOfOddAndEvenCounts) {
    EXPECT_EQ(median(Values{3, 1, 2}), 2);
    EXPECT_EQ(median(Values{4, 1, 3, 2}), 2.5);
    EXPECT_EQ(median(Values{7}), 7);
}

TEST(Sample, QuantilesAreTypeSeven) {
    // R: quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .9, 1), type = 7)
    const Values x = {16, 8, 1, 4, 2};
    EXPECT_DOUBLE_EQ(quantile(x, 0), 1);
    EXPECT_DOUBLE_EQ(quantile(x, 0.1), 1.4);
    EXPECT_DOUBLE_EQ(quantile(x, 0.25), 2);
    EXPECT_DOUBLE_EQ(quantile(x, 0.9), 12.8);
    EXPECT_DOUBLE_EQ(quantile(x, 1), 16);
}

TEST(Sample, ProbabilitiesOutsideZeroToOneAreClamped) {
    EXPECT_EQ(quantile(Values{1, 2}, -3), 1);
    EXPECT_EQ(quantile(Values{1, 2}, 5), 2);
}

TEST(Sample, SpreadOfAKnownSample) {
    const Values x = {1, 1, 2, 2, 4, 6, 9};
    EXPECT_EQ(mad(x), 1);
    EXPECT_NEAR(mean(x), 25.0 / 7, 1e-15);
    EXPECT_NEAR(deviation(x), 2.9920529661723827, 1e-12);
}

TEST(Sample, NoOrderGivesNaN) {
    EXPECT_TRUE(std::isnan(median(Values{})));
    EXPECT_TRUE(std::isnan(median(Values{1, std::nan(""), 2})));
    EXPECT_TRUE(std::isnan(mad(Values{})));
    EXPECT_TRUE(std::isnan(mean(Values{})));
    EXPECT_TRUE(std::isnan(deviation(Values{1})));
    EXPECT_TRUE(std::isnan(quantile(Values{1, 2}, std::nan(""))));
}

TEST(Sample, EqualInfinitiesHaveAMedian) {
    const double inf = std::numeric_limits<double>::infinity();
    EXPECT_EQ(median(Values{inf, inf}), inf);
}

TEST(Sample, QuantilesRiseAndStayWithinTheSample) {
    std::mt19937_64 random(1);
    std::cauchy_distribution<double> draw;
    for (int experiment = 0; experiment < 300; ++experiment) {
        Values x(1 + random() % 40);
        for (double& value : x)
            value = draw(random);
        double last = quantile(x, 0);
        for (int step = 1; step <= 50; ++step) {
            const double next = quantile(x, step / 50.0);
            ASSERT_GE(next, last);
            last = next;
        }
        ASSERT_EQ(last, quantile(x, 1));
    }
}

TEST(Sample, MedianAndSpreadFollowShiftAndScale) {
    std::mt19937_64 random(2);
    std::normal_distribution<double> draw;
    for (int experiment = 0; experiment < 300; ++experiment) {
        Values x(2 + random() % 30);
        Values y;
        for (double& value : x)
            value = draw(random);
        for (const double value : x)
            y.push_back(8 - 4 * value);
        ASSERT_NEAR(median(y), 8 - 4 * median(x), 1e-12);
        ASSERT_NEAR(mad(y), 4 * mad(x), 1e-12);
        ASSERT_NEAR(deviation(y), 4 * deviation(x), 1e-12);
    }
}

}  // namespace
}  // namespace cupel::stats

// SPDX-License-Identifier: Apache-2.0
#include "stats/distribution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace cupel::stats {
namespace {

TEST(Normal, QuantilesOfTheTable) {
    EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-10);
    EXPECT_NEAR(normal_quantile(0.95), 1.6448536269514722, 1e-10);
    EXPECT_NEAR(normal_quantile(0.995), 2.5758293035489004, 1e-10);
    EXPECT_NEAR(normal_quantile(0.5), 0, 1e-10);
    EXPECT_NEAR(normal_quantile(1e-12), -7.034483825301131, 1e-8);
}

TEST(Normal, TheEndsAreInfiniteAndTheOutsideIsNaN) {
    EXPECT_EQ(normal_quantile(0), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(normal_quantile(1), std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isnan(normal_quantile(1.5)));
    EXPECT_TRUE(std::isnan(normal_quantile(std::nan(""))));
}

// The printed t table: one row of degrees, columns 0.90, 0.95, 0.975, 0.99, 0.995.
struct TableRow {
    double degrees;
    double t[5];
};
constexpr TableRow kTable[] = {
    {1, {3.078, 6.314, 12.706, 31.821, 63.657}}, {2, {1.886, 2.920, 4.303, 6.965, 9.925}},
    {3, {1.638, 2.353, 3.182, 4.541, 5.841}},    {4, {1.533, 2.132, 2.776, 3.747, 4.604}},
    {5, {1.476, 2.015, 2.571, 3.365, 4.032}},    {7, {1.415, 1.895, 2.365, 2.998, 3.499}},
    {9, {1.383, 1.833, 2.262, 2.821, 3.250}},    {11, {1.363, 1.796, 2.201, 2.718, 3.106}},
    {20, {1.325, 1.725, 2.086, 2.528, 2.845}},   {30, {1.310, 1.697, 2.042, 2.457, 2.750}},
    {120, {1.289, 1.658, 1.980, 2.358, 2.617}},
};

TEST(Student, QuantilesOfTheTable) {
    constexpr double kColumns[] = {0.90, 0.95, 0.975, 0.99, 0.995};
    for (const TableRow& row : kTable) {
        for (int column = 0; column < 5; ++column) {
            EXPECT_NEAR(student_quantile(kColumns[column], row.degrees), row.t[column], 5.1e-4)
                << row.degrees << " degrees, " << kColumns[column];
        }
    }
}

TEST(Student, OneAndTwoDegreesHaveClosedForms) {
    for (const double t : {-30.0, -2.0, -0.1, 0.0, 0.7, 3.0, 100.0}) {
        EXPECT_NEAR(student_cdf(t, 1), 0.5 + std::atan(t) / std::acos(-1.0), 1e-13);
        EXPECT_NEAR(student_cdf(t, 2), 0.5 + t / (2 * std::sqrt(2 + t * t)), 1e-13);
    }
}

TEST(Student, ManyDegreesAreNormal) {
    EXPECT_NEAR(student_quantile(0.975, 1e8), normal_quantile(0.975), 1e-6);
    EXPECT_EQ(student_cdf(1, std::numeric_limits<double>::infinity()), normal_cdf(1));
}

TEST(Student, TheQuantileUndoesTheDistribution) {
    std::mt19937_64 random(3);
    std::uniform_real_distribution<double> draw(1e-4, 1 - 1e-4);
    std::uniform_real_distribution<double> degrees(0.6, 200);
    for (int i = 0; i < 500; ++i) {
        const double p = draw(random);
        const double n = degrees(random);
        ASSERT_NEAR(student_cdf(student_quantile(p, n), n), p, 1e-11) << p << ' ' << n;
        ASSERT_NEAR(normal_cdf(normal_quantile(p)), p, 1e-12);
    }
}

TEST(Student, BadArgumentsGiveNaN) {
    EXPECT_TRUE(std::isnan(student_quantile(0.9, 0)));
    EXPECT_TRUE(std::isnan(student_quantile(-0.1, 3)));
    EXPECT_TRUE(std::isnan(student_cdf(1, -2)));
    EXPECT_TRUE(std::isnan(student_cdf(std::nan(""), 2)));
}

// By summing the terms one by one.
double binomial_sum(int from, int to, int trials, double p) {
    double sum = 0;
    for (int k = from; k <= to; ++k) {
        const double ways =
            std::exp(std::lgamma(trials + 1) - std::lgamma(k + 1) - std::lgamma(trials - k + 1));
        sum += ways * std::pow(p, k) * std::pow(1 - p, trials - k);
    }
    return sum;
}

TEST(Binomial, AgreesWithTheSumOfItsTerms) {
    for (const int trials : {1, 5, 8, 40, 200}) {
        for (const double p : {0.01, 0.05, 0.5, 0.9}) {
            for (int k = 0; k <= trials; k += 1 + trials / 9) {
                EXPECT_NEAR(binomial_cdf(k, trials, p), binomial_sum(0, k, trials, p), 1e-11);
                EXPECT_NEAR(binomial_tail(k, trials, p), binomial_sum(k, trials, trials, p), 1e-11);
            }
        }
    }
}

TEST(Binomial, TheEndsAreCertain) {
    EXPECT_EQ(binomial_cdf(-1, 10, 0.5), 0);
    EXPECT_EQ(binomial_cdf(10, 10, 0.5), 1);
    EXPECT_EQ(binomial_tail(0, 10, 0.5), 1);
    EXPECT_EQ(binomial_tail(11, 10, 0.5), 0);
    EXPECT_NEAR(binomial_tail(8, 8, 0.5), 1.0 / 256, 1e-15);
    EXPECT_EQ(binomial_tail(1, 10, 0), 0);
    EXPECT_EQ(binomial_cdf(9, 10, 1), 0);
    EXPECT_TRUE(std::isnan(binomial_cdf(1, -1, 0.5)));
    EXPECT_TRUE(std::isnan(binomial_tail(1, 5, 1.1)));
}

}  // namespace
}  // namespace cupel::stats

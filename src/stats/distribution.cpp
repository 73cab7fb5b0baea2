// SPDX-License-Identifier: Apache-2.0
#include "stats/distribution.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace cupel::stats {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Keeps Lentz's denominators away from zero.
double nonzero(double x) {
    constexpr double kTiny = 1e-300;
    return std::abs(x) < kTiny ? kTiny : x;
}

double beta_fraction(double a, double b, double x) {
    constexpr int kMostTerms = 10'000;
    constexpr double kPrecision = 1e-15;
    double c = 1;
    double d = 1 / nonzero(1 - (a + b) * x / (a + 1));
    double value = d;
    for (int m = 1; m <= kMostTerms; ++m) {
        const double even = m * (b - m) * x / ((a - 1 + 2 * m) * (a + 2 * m));
        d = 1 / nonzero(1 + even * d);
        c = nonzero(1 + even / c);
        value *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 1 + 2 * m));
        d = 1 / nonzero(1 + odd * d);
        c = nonzero(1 + odd / c);
        value *= d * c;
        if (std::abs(d * c - 1) < kPrecision) break;
    }
    return value;
}

// The x in [low, high] where a rising function crosses the level, by halving until nothing lies
// between.
template <class Function>
double crossing(Function function, double level, double low, double high) {
    while (true) {
        const double middle = std::midpoint(low, high);
        if (middle <= low || middle >= high) return middle;
        (function(middle) < level ? low : high) = middle;
    }
}

// std::lgamma stores the sign where every thread can see it.
double log_gamma(double x) {
    int sign = 0;
    return lgamma_r(x, &sign);
}

}  // namespace

double incomplete_beta(double a, double b, double x) {
    if (!(a > 0) || !(b > 0) || !(x >= 0) || !(x <= 1)) return kNone;
    if (x == 0 || x == 1) return x;
    const double front = std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) +
                                  b * std::log1p(-x));
    // The fraction converges fast on this side of the mean only.
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double normal_cdf(double z) {
    return std::erfc(-z / std::numbers::sqrt2) / 2;
}

double normal_quantile(double probability) {
    if (!(probability >= 0) || !(probability <= 1)) return kNone;
    if (probability == 0) return -kInfinity;
    if (probability == 1) return kInfinity;
    // The tail on the left keeps its precision; the right one is its mirror.
    if (probability > 0.5) return -normal_quantile(1 - probability);
    return crossing(normal_cdf, probability, -40, 0);
}

double student_cdf(double t, double degrees) {
    if (std::isnan(t) || !(degrees > 0)) return kNone;
    if (std::isinf(degrees)) return normal_cdf(t);
    if (std::isinf(t)) return t > 0 ? 1 : 0;
    const double tail = incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2;
    return t > 0 ? 1 - tail : tail;
}

double student_quantile(double probability, double degrees) {
    if (!(probability >= 0) || !(probability <= 1) || !(degrees > 0)) return kNone;
    if (probability == 0) return -kInfinity;
    if (probability == 1) return kInfinity;
    if (probability == 0.5) return 0;
    if (probability > 0.5) return -student_quantile(1 - probability, degrees);
    double low = -1;
    while (student_cdf(low, degrees) > probability && low > -1e150)
        low *= 2;
    return crossing([degrees](double t) { return student_cdf(t, degrees); }, probability, low, 0);
}

double binomial_cdf(std::int64_t successes, std::int64_t trials, double probability) {
    if (trials < 0 || !(probability >= 0) || !(probability <= 1)) return kNone;
    if (successes < 0) return 0;
    if (successes >= trials) return 1;
    const auto k = static_cast<double>(successes);
    return incomplete_beta(static_cast<double>(trials) - k, k + 1, 1 - probability);
}

double binomial_tail(std::int64_t successes, std::int64_t trials, double probability) {
    if (trials < 0 || !(probability >= 0) || !(probability <= 1)) return kNone;
    if (successes <= 0) return 1;
    if (successes > trials) return 0;
    const auto k = static_cast<double>(successes);
    return incomplete_beta(k, static_cast<double>(trials) - k + 1, probability);
}

}  // namespace cupel::stats

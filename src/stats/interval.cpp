// SPDX-License-Identifier: Apache-2.0
#include "stats/interval.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "stats/distribution.hpp"
#include "stats/sample.hpp"

namespace cupel::stats {

namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

Estimate nothing_known(std::span<const double> values, double mid, double level) {
    return {-kUnbounded, std::isfinite(mid) ? mid : 0, kUnbounded, values.size(), level};
}

bool all_finite(std::span<const double> values) {
    return std::ranges::all_of(values, [](double x) { return std::isfinite(x); });
}

// How far the t interval reaches from the mean, in standard errors.
double reach(double level, double degrees) {
    return student_quantile((1 + level) / 2, degrees);
}

}  // namespace

Estimate mean_interval(std::span<const double> values, double level) {
    const double mid = mean(values);
    if (values.size() < 2 || !all_finite(values)) return nothing_known(values, mid, level);
    const auto n = static_cast<double>(values.size());
    const double half = reach(level, n - 1) * deviation(values) / std::sqrt(n);
    return {mid - half, mid, mid + half, values.size(), level};
}

Estimate median_interval(std::span<const double> values, double level) {
    const double mid = median(values);
    const auto n = static_cast<std::int64_t>(values.size());
    // The widest rank whose two tails together stay within 1 - level.
    std::int64_t rank = 0;
    while (rank < n / 2 && 2 * binomial_cdf(rank, n, 0.5) <= 1 - level)
        ++rank;
    if (rank == 0 || !all_finite(values)) return nothing_known(values, mid, level);
    std::vector<double> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    const auto low = static_cast<std::size_t>(rank - 1);
    return {sorted[low], mid, sorted[sorted.size() - 1 - low], values.size(), level};
}

double log_ratio(const Pair& pair) {
    if (!(pair.baseline > 0) || !(pair.candidate > 0))
        return std::numeric_limits<double>::quiet_NaN();
    return std::log(pair.baseline) - std::log(pair.candidate);
}

Estimate speedup_interval(std::span<const std::vector<double>> log_ratios_by_process,
                          double level) {
    std::vector<double> medians;
    medians.reserve(log_ratios_by_process.size());
    for (const auto& rounds : log_ratios_by_process)
        medians.push_back(median(rounds));
    return mean_interval(medians, level);
}

Estimate to_ratio(const Estimate& log_estimate) {
    Estimate ratio = log_estimate;
    ratio.low = std::exp(log_estimate.low);
    ratio.mid = std::exp(log_estimate.mid);
    ratio.high = std::exp(log_estimate.high);
    return ratio;
}

bool agree(const Estimate& first, const Estimate& second, double margin) {
    const double half_first = (first.high - first.low) / 2;
    const double half_second = (second.high - second.low) / 2;
    if (first.n < 2 || second.n < 2 || !std::isfinite(half_first) || !std::isfinite(half_second))
        return true;
    const double distance = std::abs(first.mid - second.mid);
    const auto degrees_first = static_cast<double>(first.n - 1);
    const auto degrees_second = static_cast<double>(second.n - 1);
    const double variance_first = std::pow(half_first / reach(first.level, degrees_first), 2);
    const double variance_second = std::pow(half_second / reach(second.level, degrees_second), 2);
    const double variance = variance_first + variance_second;
    if (!(variance > 0)) return distance <= margin;
    const double degrees = variance * variance /
                           (variance_first * variance_first / degrees_first +
                            variance_second * variance_second / degrees_second);
    const double level = std::max(first.level, second.level);
    return distance <= margin + reach(level, degrees) * std::sqrt(variance);
}

}  // namespace cupel::stats

// SPDX-License-Identifier: Apache-2.0
#include "stats/sample.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace cupel::stats {

namespace {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

bool has_order(std::span<const double> sample) {
    return !sample.empty() && std::ranges::none_of(sample, [](double x) { return std::isnan(x); });
}

}  // namespace

double median(std::span<const double> sample) {
    return quantile(sample, 0.5);
}

double quantile(std::span<const double> sample, double probability) {
    if (!has_order(sample) || std::isnan(probability)) return kNoValue;
    std::vector<double> sorted(sample.begin(), sample.end());
    std::ranges::sort(sorted);
    const double position =
        std::clamp(probability, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const double fraction = position - static_cast<double>(below);
    // Between equal neighbours nothing is interpolated: infinity minus infinity would be a NaN.
    if (fraction == 0 || sorted[below] == sorted[below + 1]) return sorted[below];
    return std::lerp(sorted[below], sorted[below + 1], fraction);
}

double mad(std::span<const double> sample) {
    const double centre = median(sample);
    if (std::isnan(centre)) return kNoValue;
    std::vector<double> distance(sample.begin(), sample.end());
    for (double& x : distance)
        x = std::abs(x - centre);
    return median(distance);
}

double mean(std::span<const double> sample) {
    if (sample.empty()) return kNoValue;
    return std::accumulate(sample.begin(), sample.end(), 0.0) / static_cast<double>(sample.size());
}

double deviation(std::span<const double> sample) {
    if (sample.size() < 2) return kNoValue;
    const double centre = mean(sample);
    double squares = 0;
    for (const double x : sample)
        squares += (x - centre) * (x - centre);
    return std::sqrt(squares / static_cast<double>(sample.size() - 1));
}

}  // namespace cupel::stats

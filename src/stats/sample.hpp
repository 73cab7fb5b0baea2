// SPDX-License-Identifier: Apache-2.0
// Order statistics of a sample. Nothing here knows what the numbers mean.
// A sample that is empty or holds a NaN has no order: every function then returns NaN.
#pragma once

#include <span>

namespace cupel::stats {

[[nodiscard]] double median(std::span<const double> sample);
// Type 7 of Hyndman and Fan (1996): linear between order statistics. The probability is clamped to
// [0, 1].
[[nodiscard]] double quantile(std::span<const double> sample, double probability);
// Median absolute deviation from the median, unscaled (times 1.4826 for the sigma of a normal).
[[nodiscard]] double mad(std::span<const double> sample);
[[nodiscard]] double mean(std::span<const double> sample);
// Standard deviation with n - 1; NaN for fewer than two values.
[[nodiscard]] double deviation(std::span<const double> sample);

}  // namespace cupel::stats

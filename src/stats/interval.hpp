// SPDX-License-Identifier: Apache-2.0
// Intervals for a speedup. The unit of replication is the process: rounds within one process share
// its layout, so pooling them buys false certainty (80 fresh processes of identical code: 82 %
// "significant" when pooled, 2 to 6 % with the process as the unit). Speedups are handled as
// logarithms of ratios, where they are symmetric.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cupel::stats {

// What is known of one number. Fewer than two values, or a value that is not finite, say nothing:
// the interval is then infinite and `mid` is 0 where there is no value at all.
struct Estimate {
    double low = 0;
    double mid = 0;
    double high = 0;
    std::size_t n = 0;  // independent values behind it
    double level = 0.95;
    bool operator==(const Estimate&) const = default;
};

// Mean with Student's t interval.
[[nodiscard]] Estimate mean_interval(std::span<const double> values, double level = 0.95);
// Median with the exact, distribution-free interval between order statistics (the sign test turned
// round). Covers with at least `level`; infinite while n is too small for that (below 6 at 0.95).
[[nodiscard]] Estimate median_interval(std::span<const double> values, double level = 0.95);

// Paired times of one round: what was divided, and by what (seconds).
struct Pair {
    double baseline = 0;
    double candidate = 0;
};
// log(baseline / candidate): above 0 the candidate is faster. Not finite if a time is not positive.
[[nodiscard]] double log_ratio(const Pair& pair);

// The claim: the mean, over processes, of the median of each process's log ratios. In log space.
[[nodiscard]] Estimate speedup_interval(std::span<const std::vector<double>> log_ratios_by_process,
                                        double level = 0.95);
// From log space to ratios, by exp on all three.
[[nodiscard]] Estimate to_ratio(const Estimate& log_estimate);

// Whether two independent measurements may be of the same thing: the difference of their means lies
// within the combined t interval (Welch, Satterthwaite's degrees of freedom). The estimates are
// mean_interval's (log space). An infinite interval contradicts nothing; see that a claim has a
// finite one before asking. `margin` (same unit as the means) is a difference too small to matter,
// added to the interval: the resolution of the instrument.
[[nodiscard]] bool agree(const Estimate& first, const Estimate& second, double margin = 0);

}  // namespace cupel::stats

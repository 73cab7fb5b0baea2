// SPDX-License-Identifier: Apache-2.0
// From samples to a claim: a pure function, so that a stranger with the certificate gets the same
// figure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "referee/overhead.hpp"
#include "stats/interval.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

inline constexpr std::string_view kCandidate = "candidate";

// A difference smaller than this is never claimed, whatever the interval says: the A/A noise floor.
inline constexpr double kMargin = 0.005;
// A claim must clear 1 by this share of the half-width as well (of logarithms). Windows beside busy
// neighbours depend on each other, which Student's t does not know: of 400 runs of a kernel against
// itself beside four to eight busy processes 22 cleared 1 by the margin alone, where 20 may.
inline constexpr double kDoubt = 0.15;

// How far apart two measurements of one figure may be, however wide their intervals: who makes an
// interval wide on purpose must not be forgiven everything. Two honest ones on a loud machine, both
// good to 25 %, are further apart about once in a thousand.
inline constexpr double kMostForgiven = 1.5;

// Time per question of one window: the fixed cost of a window taken off, divided by the questions.
// The correction is capped at half the window, so that no figure rests on the correction alone.
[[nodiscard]] double seconds_per_question(const verdict::Sample& sample, Overhead overhead);

// Median over all counted samples of the contender; 0 where there are none.
[[nodiscard]] double median_seconds(std::span<const verdict::Sample> samples,
                                    std::string_view contender, Overhead overhead);

// Law 5: what a perfect cheat could gain per question, since a window costs more than its kernel.
[[nodiscard]] double advantage_bound(std::span<const verdict::Sample> samples, Overhead overhead);

// Law 10: log(baseline / candidate) per round on the same questions; median per pair of fresh
// processes; Student's t over processes. Law 4: windows of one question and windows of several are
// two estimates of the same thing; where they differ by more than chance and by more than what
// windows cost may differ, the slower one is the claim. Where the first cannot tell a gain from
// none, its low end is; and no low end is more than kMostForgiven times theirs.
[[nodiscard]] stats::Estimate log_speedup(std::span<const verdict::Sample> samples,
                                          std::string_view baseline, Overhead overhead);

// The probability that so many sampled positions show 1 % of wrong elements at least once.
[[nodiscard]] double detection(std::int64_t positions);

[[nodiscard]] verdict::Interval to_interval(const stats::Estimate& log_estimate);

// Whether two measurements may be of one figure: their intervals overlap (but for the margin of
// each), and their middles are no further apart than the most that noise is forgiven. `factor`: by
// which the figures may truly differ, 1 for the same kernel on the same machine.
[[nodiscard]] bool same_figure(const verdict::Interval& first, const verdict::Interval& second,
                               double factor = 1);

// Faster, Slower or NotResolved, by the interval and the margin.
[[nodiscard]] verdict::Status decide(const verdict::Interval& ratio);
// The same of a verdict with its speedup, seconds and advantage bound: it is Faster only if it
// would be so had the candidate hidden, in every call, all that it could.
[[nodiscard]] verdict::Status decide(const verdict::Verdict& verdict);

}  // namespace cupel::referee

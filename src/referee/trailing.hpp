// SPDX-License-Identifier: Apache-2.0
// Who of a panel is too slow to be what a claim is divided by, as far as windows show: pure
// functions, so that noise can be simulated. A window is seldom shorter than it should be and often
// longer, so the least of several is compared: one that was held up condemns nobody.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "referee/overhead.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

inline constexpr int kTrailProcesses = 3;  // give an interval worth reading
inline constexpr int kTrailWindows = 3;    // of each process, which must agree

// Without warm-up and widened rounds.
[[nodiscard]] std::vector<verdict::Sample> counted_of(std::span<const verdict::Sample> samples);

// Least seconds per question of a contender, of one process or, negative, of all; infinity where it
// was not asked.
[[nodiscard]] double least_seconds(std::span<const verdict::Sample> samples,
                                   std::string_view contender, Overhead overhead, int process = -1);

// Whether it took more than twice as long as one of the others, the same one, in each of the first
// kTrailProcesses processes, by counted windows, of which there are kTrailWindows in each.
[[nodiscard]] bool is_behind(std::span<const verdict::Sample> samples, std::string_view contender,
                             std::span<const std::string> others, Overhead overhead);

// Whose speed a claim is divided by, by counted windows. Where most of them are held up, medians
// alone may choose who is seven times as slow, and least windows alone who is quick now and then.
struct Best {
    std::string name;  // the least median of those whose least window is at most twice the least
    std::string by_median;  // the least median of all; another where the two rules disagree
};
// `users`: the opponent whose least window says nothing of the others; it may be one that is quick
// just often enough. Empty: there is none. Both names are empty where nobody was asked.
[[nodiscard]] Best best_of(std::span<const verdict::Sample> samples,
                           std::span<const std::string> opponents, std::string_view users,
                           Overhead overhead);

}  // namespace cupel::referee

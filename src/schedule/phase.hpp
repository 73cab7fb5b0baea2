// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions: sums whose reads divide a position, `x[.., (p + 1 - r) / 2]`, and count
// only where the division is exact. Steps of p with the same remainder share the taps r that count,
// so the task falls apart into phases, one for each remainder, each an ordinary contraction without
// a division; they are tiled, and their answers are laid side by side. The verbs, with y the
// output:
//
//   phase y p 2    steps of p are taken apart by their remainder of 2
//
// All other lines are those of a tile, the same for every phase.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "schedule/schedule.hpp"
#include "task/task.hpp"

namespace cupel::schedule::phase {

// True if the task is one contraction followed by maps, some positions of which are divided.
[[nodiscard]] bool applies(const task::Task& task);

// All of the following want a task to which applies() holds.
[[nodiscard]] Trace default_trace(const task::Task& task, const Width& width);
[[nodiscard]] std::vector<Trace> seeds(const task::Task& task, const Width& width);
[[nodiscard]] std::vector<Trace> neighbours(const task::Task& task, const Width& width,
                                            const Trace& trace);
// Invalid: the verb that refused, and why.
[[nodiscard]] Result<std::string> print(const task::Task& task, const Width& width,
                                        const Trace& trace);

}  // namespace cupel::schedule::phase

// SPDX-License-Identifier: Apache-2.0
// CUDA C++ from a formula, in the form that `cupel judge TASK kernel.cu` takes: kernels, and the
// launches that the file declares of itself. As on the CPU a schedule is a trace of verbs; each
// checks its own legality and says why it refuses. A launch is called by what it fills last.
//
//   cut s            a launch of its own begins with the stage s
//   row y warp       each row of y is worked on by a warp; `row y block`: by a block
//   block y 256      threads of a block
//   vector y 4       four neighbours at a time, in one access where rows are whole fours; of
//                    16-bit factors for tensor cores `vector c 8`
//   online m         the maximum m and the sum of exponentials over it in one pass over the row
//   tile c 64 64 16  a block holds 64 x 64 sums, and 16 steps of both factors in shared memory
//   thread c 8 8     ... of which a thread keeps 8 x 8 in registers
//   mma c 64 32      ... or a warp 64 x 32, added up by tensor cores (mma.sync): where the task's
//                    precision is tf32, or that of 16-bit factors
//   stages c 2       the next step of the factors is fetched while this one is used; for tensor
//                    cores up to 4 steps are held
//
// The text is right at any sizes: they are names in it. What a trace may ask is checked for the
// task's own sizes too (shared memory, extents of the grid).
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "schedule/schedule.hpp"
#include "task/task.hpp"

namespace cupel::device {

// What a careful person writes first: a launch for each stage, a thread for each element.
// Invalid: the formula cannot be printed, and why.
[[nodiscard]] Result<std::string> print_naive(const task::Task& task);

// Schedules worth a trial, the likeliest first; at most 16.
[[nodiscard]] Result<std::vector<schedule::Trace>> candidates(const task::Task& task);

// Invalid: the verb that refused, and why.
[[nodiscard]] Result<std::string> print_kernel(const task::Task& task,
                                               const schedule::Trace& trace);

}  // namespace cupel::device

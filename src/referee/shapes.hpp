// SPDX-License-Identifier: Apache-2.0
// Hidden shapes: the same kernel, compiled for other sizes that the task allows (its `shapes`
// lines), drawn in secret after the kernel was handed in. Only right or wrong is asked, never time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "referee/race.hpp"
#include "target/cpu.hpp"
#include "task/task.hpp"

namespace cupel::referee {

// The task at other sizes within the ranges, small enough that the oracle sees much of the answer.
// nullopt: no `shapes` lines, or nothing small fits. With one seed the numbers make a set:
//   0, 1  every second size is the least of its range, the others are nearly as large as they can
//         be; then the other way around
//   2     all have a whole tile of 64 and a rest, or more
//   3 ..  any: ones, primes, neighbours of powers of two, other numbers
// Large sizes and those of 2 are odd primes where the range holds them: whatever a kernel takes at
// a time, it does not divide them.
[[nodiscard]] std::optional<task::Task> draw_shape(const task::Task& task, int number,
                                                   std::uint64_t seed);
[[nodiscard]] std::string shape_name(const task::Task& task);  // "B=17, N=1"

// What a compiled kernel did wrong at this shape; nothing if its answers hold.
[[nodiscard]] Result<std::optional<Fault>> try_shape(const task::Task& shape,
                                                     const target::Artefact& artefact, int threads,
                                                     double window_timeout);

}  // namespace cupel::referee

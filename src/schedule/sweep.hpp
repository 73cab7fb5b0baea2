// SPDX-License-Identifier: Apache-2.0
// Sweeps: rows shared among threads, and within a row vector loops over the contiguous axis. What
// needs no result of each other shares one pass. Stages that no vector fits stay plain loops, so a
// sweep exists for every task; so do those along an axis that a `shapes` line lets vary, as the
// text is compiled for other sizes, too. A number that an expression made of such a size (sqrt(D))
// is printed as it is at the task's own: wrong at the others. The verbs, with y a stage:
//
//   sweep y U        U vectors a step: independent sums in a reduction, unrolling in a map
//   rows y R         R rows at a time are swept side by side, in all passes of y's group: as many
//                    streams out of memory, and what all rows share is read once for R of them
//   inline e         the intermediate e is computed where it is read, not kept in a row buffer; if
//                    it is columns, the one map that reads them finishes each vector of sums, and
//                    one window of every second place takes them from registers
//   hint y stream    the output goes past the caches; its rows must be whole vectors
//   hint y prefetch  while a row of y is swept, the inputs' next rows are fetched; of a window,
//                    those that it slides over a page later
//   join y           the output y shares the loops of the stages before it, whose results it reads
//                    there, also where it keeps those axes further in; comes before the others
//   skew y R         the passes of y's group run in one loop, each a row behind the one before, R
//                    rows a block: memory is read and written while they compute; comes last
//
// Before all of them come those that rewrite the task (rewrite.hpp).
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "schedule/demand.hpp"
#include "schedule/schedule.hpp"
#include "schedule/vector_maths.hpp"
#include "task/task.hpp"

namespace cupel::schedule::sweep {

// True if every loop of the task is a vector loop.
[[nodiscard]] bool applies(const task::Task& task);

[[nodiscard]] Trace default_trace(const task::Task& task, const Width& width);
// All schedules, the default first; at most 64.
[[nodiscard]] std::vector<Trace> candidates(const task::Task& task, const Width& width);
// Invalid: the verb that refused, and why.
[[nodiscard]] Result<std::string> print(const task::Task& task, const Width& width,
                                        const Trace& trace);
// The same without headers and without the functions noted in `maths`, which go before it.
[[nodiscard]] Result<std::string> print_part(const task::Task& task, const Width& width,
                                             const Trace& trace, const Limits& limits,
                                             VectorMaths& maths);

}  // namespace cupel::schedule::sweep

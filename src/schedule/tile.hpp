// SPDX-License-Identifier: Apache-2.0
// Contractions as packed register tiles: three block loops, operands packed into panels, MR x NV
// vectors of sums in registers, and the maps that follow the sum done while its tile is still in
// the first cache. The verbs, with y the output of the task:
//
//   tile y MR NV KC MC NC   rows and vectors of the register tile; blocks of k, m and n
//   pack y a|b              the operand is copied into panels; without it, it is read where it is
//   once y a                a, which is the same for all of the batch, is packed whole before the
//   loops order y n k m           block loops, outermost first (the other legal order is m k n)
//   bind y m|n|batch par    the loop that threads share
//   unroll y U              steps of k written out in the innermost loop
//   hint y prefetch         the tile of y is fetched while its sums are being made
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "schedule/demand.hpp"
#include "schedule/schedule.hpp"
#include "schedule/vector_maths.hpp"
#include "task/task.hpp"

namespace cupel::schedule::tile {

// True if the task is one contraction followed by maps (see contraction.hpp).
[[nodiscard]] bool applies(const task::Task& task);

// All of the following want a task to which applies() holds.
[[nodiscard]] Trace default_trace(const task::Task& task, const Width& width);
// About twelve different schedules, by the cost model, best first; the first is the default.
[[nodiscard]] std::vector<Trace> seeds(const task::Task& task, const Width& width);
// The legal schedules that differ from this one in one decision; empty if the trace is refused.
[[nodiscard]] std::vector<Trace> neighbours(const task::Task& task, const Width& width,
                                            const Trace& trace);
// Invalid: the verb that refused, and why.
[[nodiscard]] Result<std::string> print(const task::Task& task, const Width& width,
                                        const Trace& trace);
// The same without headers and without the functions noted in `maths`, which go before it. What the
// limits name is left out.
[[nodiscard]] Result<std::string> print_part(const task::Task& task, const Width& width,
                                             const Trace& trace, const Limits& limits,
                                             VectorMaths& maths);

}  // namespace cupel::schedule::tile

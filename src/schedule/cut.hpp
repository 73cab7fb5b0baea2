// SPDX-License-Identifier: Apache-2.0
// Tasks of several products, or of a product and rows: the stages are cut into parts, each of them
// a task in itself that is tiled or swept, and the parts run one after the other. Where all stages
// share leading axes, the parts run once for each step of those, and what they hand on stays in the
// caches. The verbs, with y the output of the task:
//
//   share y b      threads share the leading axis b: the parts run once for each step of it
//   share y i 64   ... or once for 64 steps of the axis; outer axes come first
//   cut s          a part begins with the stage s
//
// All other lines are those of a tile, under the name of what its part fills, or of a sweep.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "schedule/schedule.hpp"
#include "task/task.hpp"

namespace cupel::schedule::cut {

// True if some stages of the task are a product worth tiling, though the whole is none.
[[nodiscard]] bool applies(const task::Task& task);

[[nodiscard]] Trace default_trace(const task::Task& task, const Width& width);
// One decision of the default changed at a time, the default first; at most 64.
[[nodiscard]] std::vector<Trace> candidates(const task::Task& task, const Width& width);
// Invalid: the verb that refused, and why.
[[nodiscard]] Result<std::string> print(const task::Task& task, const Width& width,
                                        const Trace& trace);

}  // namespace cupel::schedule::cut

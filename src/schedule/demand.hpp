// SPDX-License-Identifier: Apache-2.0
// What of an intermediate tensor is read at all. Behind a bound (`sum[j <= i](p[i,j] * ...)`) or a
// choice by position (`j <= i ? exp(s[i,j]) : 0`) half of a causal attention's scores are not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "task/task.hpp"

namespace cupel::schedule {

// last < end, in the axes of the stage that fills the tensor, `last` being the last of them: all
// readers agree that nothing at or beyond it is read. Nothing where that is not known.
struct Demand {
    task::AxisId last = task::kNone;
    task::Index end;
};
[[nodiscard]] std::optional<Demand> demand_of(const task::Task& task, task::TensorId tensor);

// True if the sum reads a tensor that is zero wherever the bound leaves something out:
// `sum[j <= i](p[i,j] ...)` of `p[i,j] = j <= i ? ... : 0`.
[[nodiscard]] bool leaves_out_zeros(const task::Task& task, const task::Stage& stage,
                                    const task::Bound& bound);

// What of a part of a task need not be computed.
struct Limits {
    std::optional<Demand> demand;              // of its only output; nothing: all of it is wanted
    std::map<task::AxisId, std::string> ends;  // variables: where the loops over these axes end,
    std::int64_t steps = 1;                    // at multiples of this
};

}  // namespace cupel::schedule

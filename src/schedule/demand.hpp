// SPDX-License-Identifier: Apache-2.0
// What of an intermediate tensor is read at all. Behind a bound (`sum[j <= i](p[i,j] * ...)`) or a
// choice by position (`j <= i ? exp(s[i,j]) : 0`) half of a causal attention's scores are not.
#pragma once

#include <optional>

#include "task/task.hpp"

namespace cupel::schedule {

// last < end, in the axes of the stage that fills the tensor, `last` being the last of them: all
// readers agree that nothing at or beyond it is read. Nothing where that is not known.
struct Demand {
    task::AxisId last = task::kNone;
    task::Index end;
};
[[nodiscard]] std::optional<Demand> demand_of(const task::Task& task, task::TensorId tensor);

}  // namespace cupel::schedule

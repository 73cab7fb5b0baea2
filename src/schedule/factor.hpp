// SPDX-License-Identifier: Apache-2.0
// Reductions over windows, taken apart: first down the columns of a window, for every element of a
// row, then along the row. max[r, s](x[2p + r, 2q + s]) is max[s] of max[r](x[2p + r, w]) at
// w = 2q + s. Each element of a row is then loaded once, in vectors that lie side by side, and not
// once for each s, in every second element.
#pragma once

#include <string>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::schedule {

// The task with the stage that fills `tensor` in two: before it comes one that fills
// `tensor`_columns. Invalid: why it is no such reduction.
[[nodiscard]] Result<task::Task> factored(const task::Task& task, const std::string& tensor);

}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
// Two axes that always walk together as one: the rows of x[n, c, h, w] lie one behind the other, so
// a sum over h and w, or a map of them, is one loop over h * w. Rows become longer, and what is
// left over of each, which no whole vector fills, is rarer.
#pragma once

#include <string>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::schedule {

// The task with the two innermost axes of the stage that fills `tensor` merged, and with them, in
// all stages, those that walk along the same dimensions of what it reads and writes. Invalid: what
// tells them apart.
[[nodiscard]] Result<task::Task> merged(const task::Task& task, const std::string& tensor);

}  // namespace cupel::schedule

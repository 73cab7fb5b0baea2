// SPDX-License-Identifier: Apache-2.0
// How the traces of a sweep begin: with the verbs that rewrite the task.
#pragma once

#include <vector>

#include "schedule/schedule.hpp"
#include "task/task.hpp"

namespace cupel::schedule::sweep {

// The verbs that change what is swept, together with those that say which loops are shared, in the
// order in which they should be tried; the task as it is comes last.
[[nodiscard]] std::vector<Trace> heads(const task::Task& task, const Width& width);

}  // namespace cupel::schedule::sweep

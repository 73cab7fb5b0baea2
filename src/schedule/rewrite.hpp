// SPDX-License-Identifier: Apache-2.0
// Verbs that change the task itself before its loops are planned: another task that computes the
// same. They come before all other verbs.
//
//   factor y   y, reduced over a window, is reduced down the window's columns (y_columns) and then
//              along the row (factor.hpp)
//   merge y    the two innermost axes of y become one (merge.hpp)
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "schedule/schedule.hpp"
#include "task/task.hpp"

namespace cupel::schedule {

// What is left of the task and of the trace once these verbs are done.
struct Rewritten {
    task::Task task;
    Trace trace;
};
// Invalid: the verb that refused, and why.
[[nodiscard]] Result<Rewritten> rewritten(const task::Task& task, const Trace& trace);

}  // namespace cupel::schedule

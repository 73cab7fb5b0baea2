// SPDX-License-Identifier: Apache-2.0
// Whether sums can cancel, read off the normal form.
#pragma once

#include "task/task.hpp"

namespace cupel::task {

// The formula has sums, and no term of any is ever negative (as those of softmax: exponentials).
// Then no order of adding loses more than its roundings, however the values differ in size. Judged
// by the operators alone: false where they do not show it.
[[nodiscard]] bool sums_never_cancel(const Task& task);

}  // namespace cupel::task

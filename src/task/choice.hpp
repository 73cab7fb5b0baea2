// SPDX-License-Identifier: Apache-2.0
// Answers that hang on roundings: an argmax over what was computed. Of two candidates that are as
// large but for their last places, one honest order of the sums takes the one and another the
// other.
#pragma once

#include <optional>
#include <string>

#include "task/task.hpp"

namespace cupel::task {

// The tensor that a choice among computed values fills, by its name; none where all choices are
// among inputs, or what is copied, compared or negated of them.
[[nodiscard]] std::optional<std::string> choice_by_rounding(const Task& task);

// Whether some stage takes the largest or the smallest of the tensor's elements, as they are.
[[nodiscard]] bool is_chosen_from(const Task& task, TensorId tensor);

}  // namespace cupel::task

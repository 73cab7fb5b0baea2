// SPDX-License-Identifier: Apache-2.0
// Which elements of an output share the roundings of one sum, read off the normal form.
#pragma once

#include <cstddef>
#include <vector>

#include "task/task.hpp"

namespace cupel::task {

// The dimensions of `output` that tell its sums apart: elements that agree in all of them were made
// of one sum somewhere, and are off together where that sum is. Of softmax over n the rows b; of a
// product of matrices both; of a formula that divides by one sum over everything none.
[[nodiscard]] std::vector<std::size_t> independent_dimensions(const Task& task, TensorId output);

}  // namespace cupel::task

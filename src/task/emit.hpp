// SPDX-License-Identifier: Apache-2.0
// One analysed assignment to stages: nested reductions become stages of their own.
#pragma once

#include "task/analysis.hpp"
#include "task/builder.hpp"

namespace cupel::task {

// Appends the stages of the assignment to the builder's task. `out` is its tensor, already there.
// Errors: an index that is not whole, a mean over a number of values that is not constant, a
// fraction for an integer output.
[[nodiscard]] Result<void> emit(const Surroundings& around, const Assignment& assignment,
                                const Analysis& analysis, TensorId out, Builder& builder);

}  // namespace cupel::task

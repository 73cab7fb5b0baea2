// SPDX-License-Identifier: Apache-2.0
// What tensor cores may take of a product. They add up in floats, but round the factors: to tf32
// where a task promises no more, and 16-bit factors, which they take as they are, need no rounding.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "schedule/contraction.hpp"
#include "task/task.hpp"

namespace cupel::device {

// One kind of mma.sync, of 16 rows and 8 columns.
struct TensorCore {
    task::Type type = task::Type::F32;   // of the factors in shared memory
    int depth = 8;                       // steps of k that one instruction takes
    std::string_view name = "tf32";      // of the factors, in the instruction and for people
    std::string_view element = "float";  // in CUDA C++
    [[nodiscard]] int row() const {      // elements of sixteen bytes
        return 16 / static_cast<int>(task::type_size(type));
    }
};

// Invalid: why tensor cores would not keep what the task's precision promises.
[[nodiscard]] Result<TensorCore> tensor_core_for(const task::Task& task,
                                                 const schedule::Contraction& product);

}  // namespace cupel::device

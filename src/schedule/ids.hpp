// SPDX-License-Identifier: Apache-2.0
// A task's ids (of axes, tensors, stages) as places in a vector.
#pragma once

#include <cstddef>

namespace cupel::schedule {

[[nodiscard]] constexpr std::size_t at(int id) {
    return static_cast<std::size_t>(id);
}

}  // namespace cupel::schedule

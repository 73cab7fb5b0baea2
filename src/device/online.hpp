// SPDX-License-Identifier: Apache-2.0
// Which intermediates of a launch need no memory, and which maximum and sum are one pass.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "device/plan.hpp"
#include "task/task.hpp"

namespace cupel::device {

// The loops of a stage within its row: the axes that it fills, or those that it reduces.
[[nodiscard]] std::vector<task::AxisId> row_loops(const Launch& launch, const task::Stage& stage);

}  // namespace cupel::device

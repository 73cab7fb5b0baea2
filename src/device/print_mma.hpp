// SPDX-License-Identifier: Apache-2.0
// A product whose sums warps add up on tensor cores.
#pragma once

#include "device/kernel_text.hpp"
#include "device/plan.hpp"

namespace cupel::device {

// The launch's worker is Tile, and its tile is shared among warps (Tiling::on_tensor_cores).
void print_mma(const Launch& launch, const std::string& kernel, schedule::Names& names,
               FileText& file);

}  // namespace cupel::device

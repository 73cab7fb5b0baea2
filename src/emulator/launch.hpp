// SPDX-License-Identifier: Apache-2.0
// One launch from its grid to its report.
#pragma once

#include "emulator/block.hpp"

namespace cupel::emulator {

void run_grid(Grid& grid);
// `before`: the bytes of the module's variables when the launch began, in the order of regions.
// `due`: the buffers that are judged; others may be for another launch.
[[nodiscard]] Report make_report(Grid& grid, const std::vector<std::vector<std::byte>>& before,
                                 const std::vector<const Region*>& due);

}  // namespace cupel::emulator

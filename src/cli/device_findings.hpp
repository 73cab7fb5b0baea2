// SPDX-License-Identifier: Apache-2.0
// What holds a verified kernel back, from the emulator's counters and from its occupancy: for
// whoever makes it faster. Evidence, never a time.
#pragma once

#include <string>
#include <vector>

#include "cli/device_bound.hpp"

namespace cupel::cli {

// The weightiest first, by the part of the bound that each may stand for; at most
// verdict::kMostFindings, and none where nothing stands out or nothing was counted.
[[nodiscard]] std::vector<std::string> device_findings(const DeviceBound& made);

}  // namespace cupel::cli

// SPDX-License-Identifier: Apache-2.0
// A launch in which a warp or a block works on each row.
#pragma once

#include <string>

#include "device/kernel_text.hpp"
#include "device/plan.hpp"

namespace cupel::device {

void print_rows(const Launch& launch, const std::string& kernel, schedule::Names names,
                FileText& file);

}  // namespace cupel::device

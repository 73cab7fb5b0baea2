// SPDX-License-Identifier: Apache-2.0
// A launch that is a product of matrices: blocks of it in shared memory, tiles of those in
// registers. Convolutions and the like are products whose factors are evaluated where they are
// fetched.
#pragma once

#include <string>

#include "device/kernel_text.hpp"
#include "device/plan.hpp"

namespace cupel::device {

void print_tiles(const Launch& launch, const std::string& kernel, schedule::Names names,
                 FileText& file);

}  // namespace cupel::device

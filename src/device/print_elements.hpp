// SPDX-License-Identifier: Apache-2.0
// A launch in which each thread works on elements of its own, one after the other.
#pragma once

#include <string>

#include "device/kernel_text.hpp"
#include "device/plan.hpp"

namespace cupel::device {

void print_elements(const Launch& launch, const std::string& kernel, schedule::Names names,
                    FileText& file);

}  // namespace cupel::device

// SPDX-License-Identifier: Apache-2.0
// Reads the dynamic symbols of a shared object. The bytes come from a jailed linker fed with
// untrusted text: every offset is checked against the size before it is followed.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace cupel::target {

// Whether a 64-bit ELF shared object exports a function of that name. Invalid: not such an object,
// or damaged.
[[nodiscard]] Result<bool> exports_function(std::string_view object, std::string_view name);

}  // namespace cupel::target

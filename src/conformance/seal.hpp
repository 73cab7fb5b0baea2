// SPDX-License-Identifier: Apache-2.0
// Golden files end with a hash of what stands before it, so that a damaged one is noticed before
// anything in it is believed.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cupel::emulator::conformance {

// The content with its last line: "sealed " and 64 hex digits, BLAKE2b-256 of all before the line.
[[nodiscard]] std::string seal(std::string content);
// The content without it. Errors: Corrupt.
[[nodiscard]] Result<std::string_view> unseal(std::string_view sealed);

// A golden file whole, unsealed. Errors: that of the file, Corrupt.
[[nodiscard]] Result<std::string> read_sealed(const std::string& path);

}  // namespace cupel::emulator::conformance

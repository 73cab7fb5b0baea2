// SPDX-License-Identifier: Apache-2.0
// A file of lines that several processes add to.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "base/result.hpp"

namespace cupel::os {

// Adds one line; a torn line that a crash left is ended first. Where there are then more than twice
// `most` lines, only the last `most` are kept. The folder is made where it is missing.
[[nodiscard]] Result<void> append_line(const std::filesystem::path& file, std::string_view line,
                                       std::size_t most);

}  // namespace cupel::os

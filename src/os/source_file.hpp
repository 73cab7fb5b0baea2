// SPDX-License-Identifier: Apache-2.0
// The door for kernels of several files that lie in a folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cupel::os {

// The text of that file with what it includes of its folder, as bundle() has it. Nothing outside of
// that folder is read, and nothing through a link. Invalid, with file and line: what is included is
// no regular file, or cannot be read, or all together is longer than `max_bytes`.
[[nodiscard]] Result<std::string> with_includes(std::string_view text,
                                                const std::filesystem::path& file,
                                                std::size_t max_bytes);

}  // namespace cupel::os

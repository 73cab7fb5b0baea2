// SPDX-License-Identifier: Apache-2.0
// The types that scratch may have: C's in any order of their words, <cstdint>'s, CUDA's with its
// vectors, and the tasks' own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::target {

// "long unsigned int", words with one blank between; nothing where the type is not known.
[[nodiscard]] std::optional<std::uint64_t> element_bytes(std::string_view type);

// Those that one may have meant.
[[nodiscard]] std::vector<std::string> element_names();

}  // namespace cupel::target

// SPDX-License-Identifier: Apache-2.0
// Text for people: nearest names, quantities with units, indices, wrapped lists.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cupel {

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

// Bytes of the UTF-8 character that the text begins with; 0 where it begins with none: overlong
// forms, halves of surrogate pairs, what is cut off.
[[nodiscard]] std::size_t utf8_size(std::string_view text);

// The name with the smallest edit distance, if it is near enough to be a likely misspelling.
[[nodiscard]] std::optional<std::string> nearest_name(std::string_view wrong,
                                                      std::span<const std::string> names);

// 0.00123 s -> "1.23 ms"; 6.7e7 bytes -> "64.0 MiB"; 1.2e11 -> "120 G" (three significant digits).
[[nodiscard]] std::string format_seconds(double seconds);
[[nodiscard]] std::string format_bytes(double bytes);
[[nodiscard]] std::string format_si(double value);

// Unix signal number -> "SIGSEGV"; an unknown one -> "signal 77".
[[nodiscard]] std::string signal_name(int signal_number);

}  // namespace cupel

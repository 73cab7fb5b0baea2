// SPDX-License-Identifier: Apache-2.0
// C++ text as far as it is told apart without a compiler: code, comments, strings. Text that makes
// no sense is still taken apart.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cupel {

enum class Span { Code, Comment, Literal };

// The text in runs, in order; together they are all of it. What continues on a spliced line is one
// run.
void scan_cpp(std::string_view source, const std::function<void(Span, std::string_view)>& take);

// How long a backslash and the end of its line are, which compilers take out first; 0: none there.
[[nodiscard]] std::size_t splice_at(std::string_view source, std::size_t at);
[[nodiscard]] std::string without_splices(std::string_view source);
// "R", "u8R", ...
[[nodiscard]] bool is_raw_prefix(std::string_view word);

}  // namespace cupel

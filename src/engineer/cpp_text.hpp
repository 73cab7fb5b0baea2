// SPDX-License-Identifier: Apache-2.0
// C++ text as far as a search needs to understand it: what is a comment, what is a string, what is
// the same kernel spelt otherwise. No compiler: text that makes no sense is still taken apart.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cupel::engineer {

enum class Span { Code, Comment, Literal };

// The text in runs, in order; together they are all of it.
void scan_cpp(std::string_view source, const std::function<void(Span, std::string_view)>& take);

// Without what only a reader would read: comments, what stands between `#if 0` and its `#endif`,
// what strings say (but "C"). A stranger's kernel is shown to a model in this form, so that it is
// code and no letter.
[[nodiscard]] std::string strip_prose(std::string_view source);

// One spelling for kernels that differ in comments and spaces only: the hash of this tells them
// apart.
[[nodiscard]] std::string normal_spelling(std::string_view source);

// Stands for a text where the text itself would fill the memory of a long run. Two of a million
// texts share one with a probability of three in a hundred million; one of them is not tried then.
[[nodiscard]] std::uint64_t fingerprint(std::string_view text);

}  // namespace cupel::engineer

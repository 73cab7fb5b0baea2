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

// The text in runs, in order; together they are all of it. What continues on a spliced line is one
// run.
void scan_cpp(std::string_view source, const std::function<void(Span, std::string_view)>& take);

// How long a backslash and the end of its line are, which compilers take out first; 0: none there.
[[nodiscard]] std::size_t splice_at(std::string_view source, std::size_t at);
[[nodiscard]] std::string without_splices(std::string_view source);
// "R", "u8R", ...
[[nodiscard]] bool is_raw_prefix(std::string_view word);

// One spelling for kernels that differ in comments, spaces and the names that they give to what
// they declare: the hash of this tells them apart. Names are numbered in their order where a type
// that is known here stands before them; those of the contract, of macros, of namespaces and of
// what a directive names stay, as do all others.
[[nodiscard]] std::string normal_spelling(std::string_view source);

// Stands for a text where the text itself would fill the memory of a long run. Two of a million
// texts share one with a probability of three in a hundred million; one of them is not tried then.
[[nodiscard]] std::uint64_t fingerprint(std::string_view text);

}  // namespace cupel::engineer

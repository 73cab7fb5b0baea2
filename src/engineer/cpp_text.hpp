// SPDX-License-Identifier: Apache-2.0
// C++ text as far as a search needs to understand it: what is a comment, what is a string, what is
// the same kernel spelt otherwise. No compiler: text that makes no sense is still taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/cpp_spans.hpp"

namespace cupel::engineer {

// One spelling for kernels that differ in comments, spaces and the names that they give to what
// they declare: the hash of this tells them apart. Names are numbered in their order where a type
// that is known here stands before them; those of the contract, of macros, of namespaces and of
// what a directive names stay, as do all others.
[[nodiscard]] std::string normal_spelling(std::string_view source);

// Stands for a text where the text itself would fill the memory of a long run. Two of a million
// texts share one with a probability of three in a hundred million; one of them is not tried then.
[[nodiscard]] std::uint64_t fingerprint(std::string_view text);

}  // namespace cupel::engineer

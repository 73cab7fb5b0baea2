// SPDX-License-Identifier: Apache-2.0
// Words in code that say nothing to a compiler.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::engineer {

// Names and keywords, in order.
[[nodiscard]] std::vector<std::string> words_of(std::string_view code);
// "omp parallel for ...": whose words are all those of such a pragma.
[[nodiscard]] bool is_known_pragma(std::string_view pragma);

// Of C++, CUDA and compilers, as far as they neither name a value nor a type of a library.
[[nodiscard]] bool is_keyword(std::string_view word);
// "always_inline", "nodiscard", ...
[[nodiscard]] bool is_known_attribute(std::string_view name);

// Each as long as before, with spaces for what was taken out. `code` is without comments; what its
// strings say is out already.
[[nodiscard]] std::string without_foreign_attributes(std::string code);
[[nodiscard]] std::string without_idle_labels(std::string code);
// No C++ has three names side by side; two of `keywords`, macros that stand for some, are none.
[[nodiscard]] std::string without_word_rows(std::string code,
                                            const std::set<std::string, std::less<>>& keywords);

}  // namespace cupel::engineer

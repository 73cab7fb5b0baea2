// SPDX-License-Identifier: Apache-2.0
// A stranger's kernel in the form in which a model is shown it: code, and no letter. Names are code
// and stay.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cupel::engineer {

// Without what only a reader would read: comments, what strings say (but "C" and assembly),
// branches of the preprocessor that are plainly dead, macros that nobody uses, directives and
// attributes that compilers pass over, labels that nothing goes to, words in a row that are no
// C++. Spliced lines are joined, and digraphs spelt out. It still compiles where it did before.
[[nodiscard]] std::string strip_prose(std::string_view source);

// The same, a line for each of the source; what continues a line is on the first of them.
[[nodiscard]] std::vector<std::string> lines_without_prose(std::string_view source);

}  // namespace cupel::engineer

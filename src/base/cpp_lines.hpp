// SPDX-License-Identifier: Apache-2.0
// The lines of a C++ text as its preprocessor takes them: splices joined, comments gone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cupel {

struct CppLine {
    std::size_t begin = 0;   // in the text, in bytes
    std::size_t end = 0;     // behind its line feed
    std::size_t number = 1;  // of the line of the text where it begins
    std::size_t count = 0;   // of line feeds in it: comments, raw strings and splices hold some
    bool blank = true;       // but for comments
    std::string directive;   // "include"; empty where it is none
    std::string rest;        // of a directive, with a space for each comment
};

struct CppLines {
    std::vector<CppLine> lines;  // together they are all of the text
    bool whole = true;           // no comment and no raw string goes on behind its end
};

[[nodiscard]] CppLines cpp_lines(std::string_view text);

// The name between quotes that a directive begins with: `"tile.hpp" // ...`; empty: there is none.
[[nodiscard]] std::string_view quoted_name(std::string_view rest);

}  // namespace cupel

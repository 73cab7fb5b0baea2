// SPDX-License-Identifier: Apache-2.0
// The text of a CUDA file as a compiler's first phases see it: lines joined, comments and literals
// blanked. Whoever looks for a word in it does not find what is only quoted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "target/cpu.hpp"

namespace cupel::target {

// A line that begins with `#`, in DeviceText::code: from the `#` to before its end.
struct Directive {
    std::size_t begin = 0;
    std::size_t end = 0;
    int depth = 0;  // of #if around it
};

struct DeviceText {
    std::string_view source;
    std::string file_name;
    std::string joined;  // without backslash-newlines
    std::string code;    // of the same length: comments and what is inside of literals is blank
    std::vector<std::size_t> origin;  // where each byte of `code` stands in `source`; one more: end
    std::vector<Directive> directives;

    struct Place {
        int line = 1;
        int column = 1;
    };
    [[nodiscard]] Place place(std::size_t at) const;
    // "file:line:column: error: message", the line and a caret below it.
    [[nodiscard]] Rejection refuse(std::size_t at, const std::string& message) const;
};

// "file:line" of a line of the text, as its `#line` marks say: that of a file which it includes.
[[nodiscard]] std::string told_place(std::string_view source, const std::string& file_name,
                                     int line);

// Views `source`, which must outlive the result.
[[nodiscard]] DeviceText read_device_text(std::string_view source, const std::string& file_name);

// The word after `#` ("include"), and where what follows it begins.
[[nodiscard]] std::string_view directive_name(const DeviceText& text, const Directive& directive,
                                              std::size_t& after);
// `#pragma cupel ...`: then `after` is where what follows `cupel` begins.
[[nodiscard]] bool is_cupel_pragma(const DeviceText& text, const Directive& directive,
                                   std::size_t& after);

[[nodiscard]] bool is_name_byte(char c);
[[nodiscard]] bool is_digit(char c);

}  // namespace cupel::target

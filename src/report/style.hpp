// SPDX-License-Identifier: Apache-2.0
// Text on a terminal: colours (or none), display widths, wrapping.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cupel::report {

enum class Tone { Plain, Strong, Quiet, Good, Bad, Doubtful };

struct Style {
    bool colour = false;
    [[nodiscard]] std::string paint(Tone tone, std::string_view text) const;
};

// Columns a text takes: code points of UTF-8, where escape sequences take none. Wide characters are
// not used here.
[[nodiscard]] std::size_t display_width(std::string_view text);
// Cut to so many columns, with an ellipsis where something was lost.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t columns);
// Broken at spaces into lines of at most so many columns; a longer word is cut where it must be.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t columns);
// A bar of `columns` cells, `share` of them filled.
[[nodiscard]] std::string bar(double share, std::size_t columns);
// Text of a stranger may not move the cursor, colour the screen or turn the order of what is read:
// control characters are left out but for tabs and line feeds; those of C1, marks of direction and
// what is no UTF-8 become U+FFFD. Whatever a terminal is shown has gone through here.
[[nodiscard]] std::string printable(std::string_view text);
// The same in one line: tabs and line feeds become spaces.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace cupel::report

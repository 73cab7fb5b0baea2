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
// Without control characters: text of a stranger may not move the cursor or colour the screen.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace cupel::report

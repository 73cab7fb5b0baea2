// SPDX-License-Identifier: Apache-2.0
// A stream of bytes as lines, of which none is kept that is longer than allowed.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace cupel::mcp {

struct Line {
    std::string text;       // without its newline
    bool too_long = false;  // the text is then empty; what follows begins after its newline
};

class LineReader {
public:
    explicit LineReader(std::size_t longest) : longest_(longest) {}

    // The lines that these bytes end; blank ones are left out. What has no newline yet is kept.
    [[nodiscard]] std::deque<Line> feed(std::string_view bytes);

private:
    void append(std::string_view bytes);

    std::size_t longest_;
    std::string begun_;
    bool overrun_ = false;  // the line that was begun is too long, and passed over to its end
};

}  // namespace cupel::mcp

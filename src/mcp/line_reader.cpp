// SPDX-License-Identifier: Apache-2.0
#include "mcp/line_reader.hpp"

#include <utility>

#include "base/text.hpp"

namespace cupel::mcp {

void LineReader::append(std::string_view bytes) {
    if (overrun_) return;
    if (bytes.size() > longest_ - begun_.size()) {
        overrun_ = true;
        begun_ = {};  // the memory too
        return;
    }
    begun_ += bytes;
}

std::deque<Line> LineReader::feed(std::string_view bytes) {
    std::deque<Line> lines;
    for (;;) {
        const std::size_t end = bytes.find('\n');
        append(bytes.substr(0, end));
        if (end == std::string_view::npos) return lines;
        bytes.remove_prefix(end + 1);
        if (overrun_) {
            lines.push_back({.text = {}, .too_long = true});
        } else if (!trim(begun_).empty()) {
            lines.push_back({.text = std::move(begun_), .too_long = false});
        }
        begun_ = {};
        overrun_ = false;
    }
}

}  // namespace cupel::mcp

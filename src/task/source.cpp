// SPDX-License-Identifier: Apache-2.0
#include "task/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cupel::task {
namespace {

// A message is read on a terminal: longer lines are shown around the caret only.
constexpr std::size_t kShown = 110;

std::string_view line_of(std::string_view text, int number) {
    for (int i = 1; i < number; i++) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

// Control characters and foreign bytes would move the caret or the terminal.
std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c == '\t') c = ' ';
        if (c < ' ' || c > '~') c = '?';
    }
    return out;
}

}  // namespace

std::unexpected<Error> Source::error(Place place, std::string_view message, Errc code) const {
    std::string_view line = line_of(text_, place.line);
    auto at = static_cast<std::size_t>(place.column - 1);
    at = std::min(at, line.size());
    if (line.size() > kShown) {
        const std::size_t start = at > kShown / 2 ? at - kShown / 2 : 0;
        line = line.substr(start, kShown);
        at -= start;
    }
    return fail(code, fmt::format("{}:{}:{}: error: {}\n  {}\n  {}^", file_, place.line,
                                  place.column, message, printable(line), std::string(at, ' ')));
}

}  // namespace cupel::task

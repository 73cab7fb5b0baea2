// SPDX-License-Identifier: Apache-2.0
#include "emulator/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cupel::emulator {
namespace {

// A message is read on a terminal: longer lines are shown around the caret only.
constexpr std::size_t kShown = 110;

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

int Source::line(Offset at) const {
    const std::string_view before = text_.substr(0, at);
    return 1 + static_cast<int>(std::ranges::count(before, '\n'));
}

std::unexpected<Error> Source::error(Offset at, std::string_view message) const {
    at = std::min(at, static_cast<Offset>(text_.size()));
    const std::size_t newline = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
    const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    std::string_view shown = text_.substr(start, text_.find('\n', start) - start);
    std::size_t column = at - start;
    const std::size_t told = column + 1;
    if (shown.size() > kShown) {
        const std::size_t cut = column > kShown / 2 ? column - kShown / 2 : 0;
        shown = shown.substr(cut, kShown);
        column -= cut;
    }
    return fail(Errc::Invalid,
                fmt::format("{}:{}:{}: error: {}\n  {}\n  {}^", file_, line(at), told, message,
                            printable(shown), std::string(column, ' ')));
}

}  // namespace cupel::emulator

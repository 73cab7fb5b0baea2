// SPDX-License-Identifier: Apache-2.0
#include "report/style.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.hpp"

namespace cupel::report {
namespace {

bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// The bytes of the first `columns` characters.
std::size_t prefix_bytes(std::string_view text, std::size_t columns) {
    std::size_t seen = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (starts_character(text[i]) && seen++ == columns) return i;
    }
    return text.size();
}

constexpr std::string_view kReplacement = "\uFFFD";

// One that is left out: ESC, backspace, the carriage return of foreign line ends.
bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c != '\n' && c != '\t' && (byte < 0x20 || byte == 0x7F);
}

// A control character of C1 (some terminals take U+009B for ESC [), or one that changes where or in
// which direction the text goes on. UTF-8 sorts as its characters do.
bool steers(std::string_view character) {
    const auto within = [&](std::string_view first, std::string_view last) {
        return first <= character && character <= last;
    };
    return within("\xC2\x80", "\xC2\x9F") || within("\u061C", "\u061C") ||
           within("\u200E", "\u200F") || within("\u2028", "\u202E") || within("\u2066", "\u2069");
}

std::string_view code_of(Tone tone) {
    switch (tone) {
        case Tone::Plain:
            return "";
        case Tone::Strong:
            return "1";
        case Tone::Quiet:
            return "2";
        case Tone::Good:
            return "1;32";
        case Tone::Bad:
            return "1;31";
        case Tone::Doubtful:
            return "1;33";
    }
    return "";
}

}  // namespace

std::string Style::paint(Tone tone, std::string_view text) const {
    if (!colour || tone == Tone::Plain) return std::string(text);
    return std::string("\x1b[").append(code_of(tone)).append("m").append(text).append("\x1b[0m");
}

std::size_t display_width(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b') {
            i = std::min(text.find('m', i), text.size());
        } else if (starts_character(text[i])) {
            ++columns;
        }
    }
    return columns;
}

std::string shorten(std::string_view text, std::size_t columns) {
    if (display_width(text) <= columns) return std::string(text);
    if (columns == 0) return {};
    return std::string(text.substr(0, prefix_bytes(text, columns - 1))) + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
    columns = std::max<std::size_t>(columns, 1);
    std::vector<std::string> lines;
    while (!text.empty()) {
        std::size_t end = prefix_bytes(text, columns);
        std::size_t next = end;
        if (end < text.size() && text[end] != ' ') {
            const std::size_t space = text.substr(0, end).find_last_of(' ');
            if (space != std::string_view::npos && space > 0) end = next = space;
        }
        while (next < text.size() && text[next] == ' ')
            ++next;
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(next);
    }
    if (lines.empty()) lines.emplace_back();
    return lines;
}

std::string bar(double share, std::size_t columns) {
    // Eighths of a cell, from empty to full.
    constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const double within = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0.0;
    const auto eighths =
        static_cast<std::size_t>(std::lround(within * static_cast<double>(columns) * 8));
    std::string drawn;
    for (std::size_t i = 0; i < eighths / 8; ++i)
        drawn += "█";
    drawn += kEighths.at(eighths % 8);
    const std::size_t used = (eighths + 7) / 8;
    for (std::size_t i = used; i < columns; ++i)
        drawn += "·";
    return drawn;
}

std::string printable(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = utf8_size(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
        text.remove_prefix(character.size());
        if (size == 0 || steers(character)) {
            clean += kReplacement;
        } else if (!is_control(character.front())) {
            clean += character;
        }
    }
    return clean;
}

std::string one_line(std::string_view text) {
    std::string line = printable(text);
    std::ranges::replace_if(line, [](char c) { return c == '\t' || c == '\n'; }, ' ');
    return line;
}

}  // namespace cupel::report

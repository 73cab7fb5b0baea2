// SPDX-License-Identifier: Apache-2.0
#include "base/cpp_spans.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace cupel {
namespace {

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

// Spliced lines joined, and where each character stood.
struct Joined {
    std::string text;
    std::vector<std::size_t> origin;  // one more than characters: the end
};

Joined join_lines(std::string_view source) {
    Joined joined;
    for (std::size_t at = 0; at < source.size();) {
        if (const std::size_t splice = splice_at(source, at); splice > 0) {
            at += splice;
            continue;
        }
        joined.text += source[at];
        joined.origin.push_back(at++);
    }
    joined.origin.push_back(source.size());
    return joined;
}

std::size_t end_of_comment(std::string_view text, std::size_t at) {
    const bool block = text[at + 1] == '*';
    const std::size_t end = block ? text.find("*/", at + 2) : text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    return block ? end + 2 : end;
}

// In the text as it was: lines of a raw string are not joined.
std::size_t end_of_raw_string(std::string_view text, std::size_t quote) {
    const std::size_t open = text.find('(', quote);
    if (open == std::string_view::npos || open - quote > 17) return text.size();
    const std::string close = ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
    const std::size_t end = text.find(close, open);
    return end == std::string_view::npos ? text.size() : end + close.size();
}

// Where the string or character that begins at `at` ends. One that is not closed ends with its
// line.
std::size_t end_of_literal(std::string_view text, std::size_t at) {
    const char quote = text[at];
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            return i + 1;
        } else if (text[i] == '\n') {
            return i;
        }
    }
    return text.size();
}

bool begins_comment(std::string_view text, std::size_t at) {
    return text[at] == '/' && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == '*');
}

// A name, or a number with its marks: 1'000'000 holds no character, and u8'x' does.
std::size_t end_of_word(std::string_view text, std::size_t at) {
    const bool number = std::isdigit(static_cast<unsigned char>(text[at])) != 0;
    while (at < text.size()) {
        const bool mark =
            number && text[at] == '\'' && at + 1 < text.size() && is_word(text[at + 1]);
        if (!is_word(text[at]) && !mark) break;
        at += mark ? 2 : 1;
    }
    return at;
}

}  // namespace

bool is_raw_prefix(std::string_view word) {
    return word == "R" || word == "LR" || word == "uR" || word == "UR" || word == "u8R";
}

std::size_t splice_at(std::string_view source, std::size_t at) {
    if (at >= source.size() || source[at] != '\\') return 0;
    std::size_t end = at + 1;
    while (end < source.size() && source[end] != '\n' && is_space(source[end]))
        ++end;
    return end < source.size() && source[end] == '\n' ? end + 1 - at : 0;
}

std::string without_splices(std::string_view source) {
    return join_lines(source).text;
}

void scan_cpp(std::string_view source, const std::function<void(Span, std::string_view)>& take) {
    const Joined joined = join_lines(source);
    const std::string& text = joined.text;
    std::size_t begin = 0;
    const auto hand = [&](Span span, std::size_t from, std::size_t to) {
        if (to > from) take(span, source.substr(from, to - from));
    };
    for (std::size_t at = 0; at < text.size();) {
        bool raw = false;
        if (is_word(text[at])) {
            const std::size_t end = end_of_word(text, at);
            raw = end < text.size() && text[end] == '"' &&
                  is_raw_prefix(std::string_view(text).substr(at, end - at));
            at = end;
            if (!raw) continue;
        }
        const bool comment = begins_comment(text, at);
        if (!comment && text[at] != '"' && text[at] != '\'') {
            ++at;
            continue;
        }
        const std::size_t from = joined.origin[at];
        hand(Span::Code, begin, from);
        if (raw) {
            begin = end_of_raw_string(source, from);
            at = static_cast<std::size_t>(std::ranges::lower_bound(joined.origin, begin) -
                                          joined.origin.begin());
        } else {
            at = std::min(comment ? end_of_comment(text, at) : end_of_literal(text, at),
                          text.size());
            begin = joined.origin[at];
        }
        hand(comment ? Span::Comment : Span::Literal, from, begin);
    }
    hand(Span::Code, begin, source.size());
}

}  // namespace cupel

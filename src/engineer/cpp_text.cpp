// SPDX-License-Identifier: Apache-2.0
#include "engineer/cpp_text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace cupel::engineer {
namespace {

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

// Where the comment that begins at `at` ends.
std::size_t end_of_comment(std::string_view text, std::size_t at) {
    if (text[at + 1] == '*') {
        const std::size_t end = text.find("*/", at + 2);
        return end == std::string_view::npos ? text.size() : end + 2;
    }
    std::size_t end = text.find('\n', at);
    // A backslash takes the next line along.
    while (end != std::string_view::npos && end > 0) {
        const std::size_t last = text[end - 1] == '\r' && end > 1 ? end - 2 : end - 1;
        if (text[last] != '\\') break;
        end = text.find('\n', end + 1);
    }
    return end == std::string_view::npos ? text.size() : end;
}

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
    if (quote == '"' && at > 0 && text[at - 1] == 'R') return end_of_raw_string(text, at);
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

bool begins_literal(std::string_view text, std::size_t at) {
    if (text[at] == '"') return true;
    // 1'000 holds no character.
    return text[at] == '\'' && (at == 0 || !is_word(text[at - 1]));
}

// Instructions, operands and constraints of inline assembly say no more than names in code do: no
// two words stand side by side in them.
bool is_assembly(std::string_view literal) {
    constexpr std::size_t kLongest = 240;
    constexpr std::string_view kMarks = "._%{}[],;:=+-&\"\\";
    constexpr std::size_t kConstraint = 4;  // "=r" with its quotes
    if (literal == "\"memory\"") return true;
    const bool formed =
        literal.size() <= kConstraint || literal.find_first_of(".%") != std::string_view::npos;
    if (!formed || literal.size() > kLongest || literal.find("//") != std::string_view::npos)
        return false;
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    for (std::size_t i = 0; i < literal.size(); ++i) {
        const char c = literal[i];
        if (c == ' ') {
            const bool words = i > 0 && i + 1 < literal.size() && is_letter(literal[i - 1]) &&
                               is_letter(literal[i + 1]);
            if (words) return false;
        } else if (!is_letter(c) && !(c >= '0' && c <= '9') &&
                   kMarks.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

std::string without_comments(std::string_view source) {
    std::string text;
    scan_cpp(source, [&](Span span, std::string_view run) {
        if (span == Span::Comment) {
            text += ' ';
        } else if (span == Span::Literal && run.starts_with('"') && run != "\"C\"" &&
                   run != "\"task.hpp\"" && !is_assembly(run)) {
            text += "\"\"";
        } else {
            text += run;
        }
    });
    return text;
}

// The word behind the '#' of a directive; empty for other lines.
std::string directive_of(std::string_view line) {
    std::string_view rest = trim(line);
    if (!rest.starts_with('#')) return "";
    rest = trim(rest.substr(1));
    const auto* const end = std::ranges::find_if(rest, [](char c) { return !is_word(c); });
    return {rest.begin(), end};
}

bool is_if_zero(std::string_view line) {
    if (directive_of(line) != "if") return false;
    const std::size_t at = line.find("if");
    return trim(line.substr(at + 2)) == "0";
}

}  // namespace

void scan_cpp(std::string_view source, const std::function<void(Span, std::string_view)>& take) {
    std::size_t begin = 0;
    const auto hand = [&](Span span, std::size_t from, std::size_t to) {
        if (to > from) take(span, source.substr(from, to - from));
    };
    for (std::size_t at = 0; at < source.size();) {
        const bool comment = begins_comment(source, at);
        if (!comment && !begins_literal(source, at)) {
            ++at;
            continue;
        }
        hand(Span::Code, begin, at);
        begin = comment ? end_of_comment(source, at) : end_of_literal(source, at);
        hand(comment ? Span::Comment : Span::Literal, at, begin);
        at = begin;
    }
    hand(Span::Code, begin, source.size());
}

std::string strip_prose(std::string_view source) {
    std::string text;
    int hidden = 0;  // how many #if deep within an #if 0
    for (const std::string& line : split(without_comments(source), '\n')) {
        const std::string directive = directive_of(line);
        if (hidden > 0) {
            hidden += directive.starts_with("if") ? 1 : 0;
            hidden -= directive == "endif" ? 1 : 0;
            // What #else brings back is code again.
            if (hidden == 1 && directive == "else") hidden = 0;
            continue;
        }
        if (is_if_zero(line)) {
            hidden = 1;
            continue;
        }
        if (directive == "error" || directive == "warning") continue;
        std::string_view kept = line;
        while (!kept.empty() && is_space(kept.back()))
            kept.remove_suffix(1);
        if (kept.empty() && (text.empty() || text.ends_with("\n\n"))) continue;
        text += kept;
        text += '\n';
    }
    while (text.ends_with("\n\n"))
        text.pop_back();
    return text;
}

std::string normal_spelling(std::string_view source) {
    std::string text;
    bool pending = false;  // a space, if a word stands on both sides of it
    const auto add = [&](char c) {
        if (pending && !text.empty() && is_word(text.back()) && is_word(c)) text += ' ';
        pending = false;
        text += c;
    };
    scan_cpp(source, [&](Span span, std::string_view run) {
        if (span == Span::Comment) {
            pending = true;
        } else if (span == Span::Literal) {
            text += run;
            pending = false;
        } else {
            for (const char c : run) {
                if (is_space(c)) {
                    pending = true;
                } else {
                    add(c);
                }
            }
        }
    });
    return text;
}

std::uint64_t fingerprint(std::string_view text) {
    constexpr std::size_t kDigits = 16;
    constexpr int kHex = 16;
    const std::string digits = hash_hex(text).substr(0, kDigits);
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, kHex);
    return value;
}

}  // namespace cupel::engineer

// SPDX-License-Identifier: Apache-2.0
#include "target/device_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bundle.hpp"
#include "base/byte_order_mark.hpp"
#include "task/source.hpp"

namespace cupel::target {
namespace {

// Blanks what a compiler drops. One pass: each token is eaten whole.
class Blanker {
public:
    explicit Blanker(DeviceText& text) : in_(text.joined), out_(text.code) {}

    void run() {
        while (at_ < in_.size()) {
            if (starts("//")) {
                blank_until(in_.find('\n', at_));
            } else if (starts("/*")) {
                const auto close = in_.find("*/", at_ + 2);
                blank_until(close == std::string_view::npos ? close : close + 2);
            } else if (is_number_start()) {
                eat_number();
            } else if (is_name_byte(in_[at_])) {
                eat_word();
            } else if (in_[at_] == '"' || in_[at_] == '\'') {
                eat_literal(in_[at_]);
            } else {
                at_++;
            }
        }
    }

private:
    [[nodiscard]] bool starts(std::string_view what) const {
        return in_.substr(at_).starts_with(what);
    }
    [[nodiscard]] char peek(std::size_t ahead) const {
        return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0';
    }
    [[nodiscard]] bool is_number_start() const {
        return is_digit(in_[at_]) || (in_[at_] == '.' && is_digit(peek(1)));
    }

    // A comment of several lines leaves no line behind: what follows it stands on its first.
    void blank_until(std::size_t end) {
        end = std::min(end, in_.size());
        for (; at_ < end; at_++)
            out_[at_] = ' ';
    }

    // 1'000'000 opens no literal; neither does 1e-5f end at its sign.
    void eat_number() {
        at_++;
        while (at_ < in_.size()) {
            const char c = in_[at_];
            const bool quote = c == '\'' && is_name_byte(peek(1));
            const char before = in_[at_ - 1];
            const bool sign = (c == '+' || c == '-') &&
                              (before == 'e' || before == 'E' || before == 'p' || before == 'P');
            if (!is_name_byte(c) && c != '.' && !quote && !sign) return;
            at_ += quote ? 2 : 1;
        }
    }

    void eat_word() {
        const auto begin = at_;
        while (at_ < in_.size() && is_name_byte(in_[at_]))
            at_++;
        const auto word = in_.substr(begin, at_ - begin);
        const bool raw =
            word == "R" || word == "LR" || word == "uR" || word == "UR" || word == "u8R";
        if (raw && peek(0) == '"') eat_raw();
    }

    void eat_raw() {
        const auto quote = at_;
        const auto open = in_.find('(', quote);
        // A delimiter has at most 16 characters; anything longer is no raw string.
        if (open == std::string_view::npos || open - quote > 17) return eat_literal('"');
        const auto end = ")" + std::string(in_.substr(quote + 1, open - quote - 1)) + "\"";
        const auto close = in_.find(end, open);
        at_ = quote + 1;
        if (close == std::string_view::npos) return blank_until(in_.size());
        blank_until(close + end.size() - 1);
        at_++;
    }

    void eat_literal(char quote) {
        at_++;
        while (at_ < in_.size() && in_[at_] != '\n' && in_[at_] != quote) {
            const std::size_t step = in_[at_] == '\\' && peek(1) != '\n' ? 2 : 1;
            blank_until(at_ + step);
        }
        if (at_ < in_.size() && in_[at_] == quote) at_++;
    }

    std::string_view in_;
    std::string& out_;
    std::size_t at_ = 0;
};

void join_lines(DeviceText& text) {
    const auto in = text.source;
    text.joined.reserve(in.size());
    text.origin.reserve(in.size() + 1);
    for (std::size_t i = 0; i < in.size(); i++) {
        if (in[i] == '\\') {
            const auto rest = in.substr(i + 1);
            const std::size_t end = rest.starts_with('\n') ? 1 : rest.starts_with("\r\n") ? 2 : 0;
            if (end > 0) {
                i += end;
                continue;
            }
        }
        text.joined += in[i];
        text.origin.push_back(i);
    }
    text.origin.push_back(in.size());
}

void list_directives(DeviceText& text) {
    const std::string_view code = text.code;
    int depth = 0;
    for (std::size_t begin = 0; begin < code.size();) {
        const auto end = std::min(code.find('\n', begin), code.size());
        const auto first = code.find_first_not_of(" \t\r\v\f", begin);
        if (first < end && code[first] == '#') {
            Directive directive{first, end, depth};
            std::size_t after = 0;
            const auto name = directive_name(text, directive, after);
            if (name == "endif") depth = std::max(0, depth - 1);
            directive.depth = depth;
            if (name.starts_with("if")) depth++;
            text.directives.push_back(directive);
        }
        begin = end + 1;
    }
}

}  // namespace

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

DeviceText::Place DeviceText::place(std::size_t at) const {
    const auto before = source.substr(0, origin[std::min(at, origin.size() - 1)]);
    const auto newline = before.rfind('\n');
    const auto column =
        newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
    return {static_cast<int>(1 + std::ranges::count(before, '\n')), static_cast<int>(column)};
}

Rejection DeviceText::refuse(std::size_t at, const std::string& message) const {
    const auto [line, column] = place(at);
    auto words = task::Source(source, file_name).error({line, column}, message).error().text;
    const auto here = fmt::format("{}:{}:", file_name, line);
    return {message, words.replace(0, here.size(), told_place(source, file_name, line) + ":")};
}

std::string told_place(std::string_view source, const std::string& file_name, int line) {
    const LineMarks marks(source);
    const auto origin = marks.origin_of(static_cast<std::size_t>(line));
    if (origin.file.empty()) return fmt::format("{}:{}", file_name, line);
    return fmt::format("{}:{}", origin.file, origin.line);
}

DeviceText read_device_text(std::string_view source, const std::string& file_name) {
    DeviceText text;
    text.source = without_mark(source);
    text.file_name = file_name;
    join_lines(text);
    text.code = text.joined;
    Blanker(text).run();
    list_directives(text);
    return text;
}

namespace {

std::string_view word_at(std::string_view code, std::size_t end, std::size_t& at) {
    while (at < end && !is_name_byte(code[at]) &&
           std::string_view(" \t\r\v\f").find(code[at]) != std::string_view::npos)
        at++;
    const auto begin = at;
    while (at < end && is_name_byte(code[at]))
        at++;
    return code.substr(begin, at - begin);
}

}  // namespace

std::string_view directive_name(const DeviceText& text, const Directive& directive,
                                std::size_t& after) {
    after = directive.begin + 1;
    return word_at(text.code, directive.end, after);
}

bool is_cupel_pragma(const DeviceText& text, const Directive& directive, std::size_t& after) {
    return directive_name(text, directive, after) == "pragma" &&
           word_at(text.code, directive.end, after) == "cupel";
}

}  // namespace cupel::target

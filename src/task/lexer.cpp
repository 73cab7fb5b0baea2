// SPDX-License-Identifier: Apache-2.0
#include "task/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "base/text.hpp"

namespace cupel::task {
namespace {

constexpr std::size_t kMaxText = std::size_t{1} << 20;
constexpr std::size_t kMaxWords = 400;
constexpr std::string_view kBaseline = "baseline";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class Lexer {
public:
    explicit Lexer(const Source& source) : source_(source), rest_(source.text()) {}

    Result<std::vector<Token>> run() {
        if (rest_.size() > kMaxText) {
            return fail(Errc::Invalid,
                        fmt::format("{}:1:1: error: {} bytes; a task file has at most {}",
                                    source_.file(), rest_.size(), kMaxText));
        }
        CUPEL_DO(check_encoding());
        skip_blank();
        while (!rest_.empty()) {
            CUPEL_TRY(const Token token, next());
            const bool opens_line = tokens_.empty() || tokens_.back().place.line < token.place.line;
            tokens_.push_back(token);
            if (opens_line && token.text == kBaseline) CUPEL_DO(words());
            skip_blank();
        }
        tokens_.push_back(
            Token{.kind = TokenKind::End, .text = "end of file", .integer = {}, .place = place_});
        return std::move(tokens_);
    }

private:
    void take(std::size_t count) {
        for (std::size_t i = 0; i < count; i++) {
            place_.column++;
            if (rest_[i] == '\n') place_ = Place{.line = place_.line + 1, .column = 1};
        }
        rest_.remove_prefix(count);
    }

    // Comments and calls of libraries, too: the text goes into JSON, which holds nothing else.
    [[nodiscard]] Result<void> check_encoding() const {
        Place place;
        for (std::size_t at = 0; at < rest_.size();) {
            const std::size_t size = utf8_size(rest_.substr(at));
            if (size == 0) {
                return source_.error(place,
                                     "a byte that is not UTF-8: task files, and their "
                                     "comments, are UTF-8 text");
            }
            place.column += static_cast<int>(size);
            if (rest_[at] == '\n') place = Place{.line = place.line + 1, .column = 1};
            at += size;
        }
        return {};
    }

    void skip_blank() {
        while (!rest_.empty()) {
            const char c = rest_.front();
            if (c == '#') {
                take(std::min(rest_.find('\n'), rest_.size()));
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                take(1);
            } else {
                return;
            }
        }
    }

    // The rest of a line that declares a baseline, which begins with the name of a library; nothing
    // where a tensor has that name.
    Result<void> words() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
            take(1);
        std::string_view line = rest_.substr(0, rest_.find_first_of("#\r\n"));
        while (line.ends_with(' ') || line.ends_with('\t'))
            line.remove_suffix(1);
        if (line.empty() || !starts_name(line.front())) return {};
        if (line.size() > kMaxWords) {
            return source_.error(place_,
                                 fmt::format("a baseline has at most {} characters", kMaxWords));
        }
        const auto is_plain = [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; };
        if (!std::ranges::all_of(line, is_plain))
            return source_.error(place_, "a character that is not plain ASCII text");
        tokens_.push_back(cut(TokenKind::Words, line.size()));
        return {};
    }

    Token cut(TokenKind kind, std::size_t length) {
        Token token{.kind = kind, .text = rest_.substr(0, length), .integer = {}, .place = place_};
        take(length);
        return token;
    }

    Result<Token> next() {
        if (starts_name(rest_.front())) {
            std::size_t n = 1;
            while (n < rest_.size() && (starts_name(rest_[n]) || is_digit(rest_[n])))
                n++;
            if (n > 64) return source_.error(place_, "a name has at most 64 characters");
            return cut(TokenKind::Name, n);
        }
        if (is_digit(rest_.front()) ||
            (rest_.front() == '.' && rest_.size() > 1 && is_digit(rest_[1]))) {
            return number();
        }
        for (const std::string_view two : {"->", "<=", ">=", "==", "!=", "&&", "||", ".."}) {
            if (rest_.starts_with(two)) return cut(TokenKind::Symbol, 2);
        }
        if (std::string_view("()[],:=+-*/<>?|!~").contains(rest_.front())) {
            return cut(TokenKind::Symbol, 1);
        }
        const char c = rest_.front();
        if (c < ' ' || c > '~') {
            return source_.error(place_, "a character that is not plain ASCII text");
        }
        return source_.error(place_, fmt::format("unexpected character '{}'", c));
    }

    Result<Token> number() {
        std::size_t n = 0;
        const auto digits = [&] {
            while (n < rest_.size() && is_digit(rest_[n]))
                n++;
        };
        digits();
        bool whole = true;
        if (n < rest_.size() && rest_[n] == '.' && !rest_.substr(n).starts_with("..")) {
            whole = false;
            n++;
            digits();
        }
        if (n < rest_.size() && (rest_[n] == 'e' || rest_[n] == 'E')) {
            whole = false;
            n++;
            if (n < rest_.size() && (rest_[n] == '+' || rest_[n] == '-')) n++;
            digits();
        }
        Token token = cut(TokenKind::Number, n);
        const char* const begin = token.text.data();
        const char* const end = begin + n;
        const auto [stop, wrong] = std::from_chars(begin, end, token.number);
        if (wrong != std::errc() || stop != end || (!rest_.empty() && starts_name(rest_.front()))) {
            return source_.error(token.place, "malformed number, or one outside double's range");
        }
        std::int64_t value = 0;
        if (whole && std::from_chars(begin, end, value).ec == std::errc()) {
            token.integer = value;
        }
        return token;
    }

    const Source& source_;
    std::string_view rest_;
    Place place_;
    std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> lex(const Source& source) {
    return Lexer(source).run();
}

}  // namespace cupel::task

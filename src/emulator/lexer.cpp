// SPDX-License-Identifier: Apache-2.0
#include "emulator/lexer.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <system_error>

namespace cupel::emulator {
namespace {

constexpr std::size_t kMaxText = std::size_t{64} << 20;
// Memory goes with tokens, not with characters: names from C++ templates are hundreds long, and
// PTX of 23 MB from one file of kernels has 4 million tokens.
constexpr std::size_t kMaxTokens = std::size_t{16} << 20;
constexpr std::size_t kMaxWord = 1024;  // mangled C++ names are long

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '%';
}

class Lexer {
public:
    explicit Lexer(const Source& source) : source_(source), text_(source.text()) {}

    Result<std::vector<Token>> run() {
        if (text_.size() > kMaxText) {
            return source_.error(
                0, fmt::format("{} bytes of PTX; at most {} are read", text_.size(), kMaxText));
        }
        CUPEL_DO(skip_blank());
        while (at_ < text_.size()) {
            CUPEL_DO(next());
            CUPEL_DO(skip_blank());
            if (tokens_.size() > kMaxTokens) return error("more words than a module may have");
        }
        tokens_.push_back(
            {.kind = TokenKind::End, .at = static_cast<Offset>(at_), .text = "end of file"});
        return std::move(tokens_);
    }

private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }

    [[nodiscard]] std::unexpected<Error> error(std::string_view message) const {
        return source_.error(static_cast<Offset>(at_), message);
    }

    Result<void> skip_blank() {
        while (at_ < text_.size()) {
            const char c = peek();
            if (c == '/' && peek(1) == '/') {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (c == '/' && peek(1) == '*') {
                const std::size_t end = text_.find("*/", at_ + 2);
                if (end == std::string_view::npos) return error("this comment is never closed");
                at_ = end + 2;
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                at_++;
            } else {
                break;
            }
        }
        return {};
    }

    void cut(TokenKind kind, std::size_t length, std::uint64_t bits = 0) {
        tokens_.push_back({.kind = kind,
                           .at = static_cast<Offset>(at_),
                           .text = text_.substr(at_, length),
                           .bits = bits});
        at_ += length;
    }

    Result<void> next() {
        const char c = peek();
        if (is_letter(c) || (c == '.' && is_letter(peek(1)))) return word();
        if (is_digit(c)) return number();
        if (c == '"') return quoted();
        if (std::string_view("{}()[]<>,;:=+-@!|.").contains(c)) {
            cut(TokenKind::Symbol, 1);
            return {};
        }
        if (c < ' ' || c > '~') return error("a character that is not plain ASCII text");
        return error(fmt::format("unexpected character '{}'", c));
    }

    // An opcode is one word with its modifiers. Directives end where the next one starts: CUDA's
    // header for half writes ".reg.b32 f;" in its inline PTX.
    Result<void> word() {
        const bool directive = peek() == '.';
        std::size_t n = 1;
        while (is_letter(peek(n)) || is_digit(peek(n)) || (peek(n) == '.' && !directive) ||
               (peek(n) == ':' && peek(n + 1) == ':') || (peek(n) == ':' && peek(n - 1) == ':')) {
            n++;
        }
        if (n > kMaxWord) return error(fmt::format("a word has at most {} characters", kMaxWord));
        cut(TokenKind::Word, n);
        return {};
    }

    Result<void> quoted() {
        const std::size_t end = text_.find_first_of("\"\n", at_ + 1);
        if (end == std::string_view::npos || text_[end] != '"') {
            return error("this string is never closed");
        }
        cut(TokenKind::Text, end + 1 - at_);
        tokens_.back().text = tokens_.back().text.substr(1, end - 1 - tokens_.back().at);
        return {};
    }

    Result<void> number() {
        std::size_t n = 0;
        while (is_letter(peek(n)) || is_digit(peek(n)) || peek(n) == '.' ||
               ((peek(n) == '+' || peek(n) == '-') && n > 0 && decimal_exponent(n))) {
            n++;
        }
        const std::string_view digits = text_.substr(at_, n);
        std::uint64_t bits = 0;
        TokenKind kind = TokenKind::Integer;
        if (digits.size() == 10 && (digits.starts_with("0f") || digits.starts_with("0F"))) {
            kind = TokenKind::Single;
            if (!whole(digits.substr(2), 16, bits)) return error("malformed number");
        } else if (digits.size() == 18 && (digits.starts_with("0d") || digits.starts_with("0D"))) {
            kind = TokenKind::Real;
            if (!whole(digits.substr(2), 16, bits)) return error("malformed number");
        } else if (digits.contains('.') || (!digits.starts_with("0x") && digits.contains('e'))) {
            kind = TokenKind::Real;
            double value = 0;
            const char* const end = digits.data() + digits.size();
            const auto [stop, wrong] = std::from_chars(digits.data(), end, value);
            if (wrong != std::errc() || stop != end) {
                return error("malformed number, or one outside double's range");
            }
            bits = std::bit_cast<std::uint64_t>(value);
        } else if (!integer(digits, bits)) {
            return error("malformed number, or one of more than 64 bits");
        }
        cut(kind, n, bits);
        return {};
    }

    [[nodiscard]] bool decimal_exponent(std::size_t n) const {
        return (peek(n - 1) == 'e' || peek(n - 1) == 'E') && peek(1) != 'x' && peek(1) != 'X' &&
               is_digit(peek(n + 1));
    }

    static bool whole(std::string_view digits, int base, std::uint64_t& bits) {
        const char* const end = digits.data() + digits.size();
        const auto [stop, wrong] = std::from_chars(digits.data(), end, bits, base);
        return wrong == std::errc() && stop == end && !digits.empty();
    }

    static bool integer(std::string_view digits, std::uint64_t& bits) {
        if (digits.ends_with('U') || digits.ends_with('u')) digits.remove_suffix(1);
        if (digits.starts_with("0x") || digits.starts_with("0X")) {
            return whole(digits.substr(2), 16, bits);
        }
        if (digits.starts_with("0b") || digits.starts_with("0B")) {
            return whole(digits.substr(2), 2, bits);
        }
        const bool octal = digits.size() > 1 && digits.front() == '0';
        return whole(digits, octal ? 8 : 10, bits);
    }

    const Source& source_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> lex(const Source& source) {
    return Lexer(source).run();
}

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
#include "target/device_expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <vector>

#include "base/text.hpp"

namespace cupel::target {
namespace {

constexpr int kMaxNesting = 64;

// p / q with q > 0; q is 1 everywhere but directly within ceil().
struct Ratio {
    std::int64_t p = 0;
    std::int64_t q = 1;
};

bool multiply(std::int64_t a, std::int64_t b, std::int64_t& out) {
    return !__builtin_mul_overflow(a, b, &out);
}

// False where 64 bits do not hold it.
bool sum_of(const Ratio& a, const Ratio& b, bool minus, Ratio& out) {
    std::int64_t left = 0;
    std::int64_t right = 0;
    if (!multiply(a.p, b.q, left) || !multiply(b.p, a.q, right) || !multiply(a.q, b.q, out.q))
        return false;
    return !(minus ? __builtin_sub_overflow(left, right, &out.p)
                   : __builtin_add_overflow(left, right, &out.p));
}

bool quotient_of(const Ratio& a, const Ratio& b, Ratio& out) {
    if (!multiply(a.p, b.q, out.p) || !multiply(a.q, b.p, out.q)) return false;
    if (out.q > 0) return true;
    return multiply(out.p, -1, out.p) && multiply(out.q, -1, out.q);
}

bool reduce(Ratio& ratio) {
    if (ratio.q == 1) return true;
    if (ratio.p == std::numeric_limits<std::int64_t>::min()) return false;
    const auto common = std::gcd(ratio.p, ratio.q);
    if (common > 1) {
        ratio.p /= common;
        ratio.q /= common;
    }
    return true;
}

class Evaluator {
public:
    Evaluator(LineReader& line, const task::Task& task) : line_(line), task_(task) {}

    // exact: directly within ceil().
    Parsed<Ratio> sum(bool exact) {
        CUPEL_TRY(auto value, product(exact));
        for (;;) {
            const auto op = line_.peek();
            if (!op.is("+") && !op.is("-")) return value;
            line_.next();
            CUPEL_TRY(const auto right, product(exact));
            Ratio out;
            if (!sum_of(value, right, op.is("-"), out) || !reduce(out)) return overflow(op);
            value = out;
        }
    }

private:
    Parsed<Ratio> product(bool exact) {
        CUPEL_TRY(auto value, factor());
        for (;;) {
            const auto op = line_.peek();
            if (!op.is("*") && !op.is("/") && !op.is("%")) return value;
            line_.next();
            CUPEL_TRY(const auto right, factor());
            CUPEL_TRY(value, combine(op, value, right, exact));
        }
    }

    [[nodiscard]] Parsed<Ratio> combine(const DeviceToken& op, const Ratio& a, const Ratio& b,
                                        bool exact) const {
        Ratio out;
        if (op.is("*")) {
            if (!multiply(a.p, b.p, out.p) || !multiply(a.q, b.q, out.q) || !reduce(out))
                return overflow(op);
            return out;
        }
        if (b.p == 0) return line_.refuse(op, "division by zero");
        if (op.is("/") && exact) {
            if (!quotient_of(a, b, out) || !reduce(out)) return overflow(op);
            return out;
        }
        if (a.q != 1 || b.q != 1)
            return line_.refuse(op, "`%` of a fraction: write the division in parentheses");
        if (a.p == std::numeric_limits<std::int64_t>::min() && b.p == -1) return overflow(op);
        return Ratio{op.is("/") ? a.p / b.p : a.p % b.p, 1};
    }

    Parsed<Ratio> factor() {
        const auto token = line_.next();
        if (token.is("(") || token.is("-") || token.is("+")) {
            if (++nesting_ > kMaxNesting)
                return line_.refuse(token, "the expression is nested too deeply");
            auto value = token.is("(") ? parenthesized() : signed_factor(token);
            nesting_--;
            return value;
        }
        if (token.kind == DeviceToken::Kind::Integer) return literal(token);
        if (token.kind == DeviceToken::Kind::Real)
            return line_.refuse(token, "expected an integer, found " + quoted(token));
        if (token.kind != DeviceToken::Kind::Name) {
            return line_.refuse(
                token, "expected an integer, a size of the task or `(`, found " + quoted(token));
        }
        return line_.peek().is("(") ? call(token) : size(token);
    }

    Parsed<Ratio> parenthesized() {
        CUPEL_TRY(const auto value, sum(false));
        CUPEL_TRY([[maybe_unused]] const auto close, line_.expect(")", "the expression"));
        return value;
    }

    Parsed<Ratio> signed_factor(const DeviceToken& sign) {
        CUPEL_TRY(auto value, factor());
        if (sign.is("-") && !multiply(value.p, -1, value.p)) return overflow(sign);
        return value;
    }

    [[nodiscard]] Parsed<Ratio> literal(const DeviceToken& token) const {
        auto digits = token.text;
        int base = 10;
        if (digits.starts_with("0x") || digits.starts_with("0X")) {
            digits.remove_prefix(2);
            base = 16;
        } else if (digits.size() > 1 && digits.front() == '0') {
            return line_.refuse(token, "an integer with a leading zero would be octal in C");
        }
        std::int64_t value = 0;
        const auto* const end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
        if (error == std::errc::result_out_of_range)
            return line_.refuse(token, "the integer does not fit 64 bits");
        if (error != std::errc() || stop != end)
            return line_.refuse(token, quoted(token) + " is no integer (suffixes are not needed)");
        return Ratio{value, 1};
    }

    [[nodiscard]] Parsed<Ratio> size(const DeviceToken& token) const {
        std::vector<std::string> known;
        for (const auto& size : task_.sizes) {
            if (size.name == token.text) return Ratio{size.value, 1};
            known.push_back(size.name);
        }
        for (const auto& tensor : task_.tensors) {
            if (tensor.name == token.text && tensor.role != task::Role::Intermediate) {
                return line_.refuse(token, quoted(token) +
                                               " is a tensor, and expressions range over "
                                               "sizes");
            }
        }
        return line_.refuse(token, fmt::format("the task has no size {}{}", quoted(token),
                                               suggestion(token, known)));
    }

    static std::string suggestion(const DeviceToken& token, const std::vector<std::string>& known) {
        if (const auto near = nearest_name(token.text, known))
            return fmt::format("; did you mean `{}`?", *near);
        if (known.empty()) return "; it has none";
        return fmt::format("; its sizes are {}", join(known, ", "));
    }

    Parsed<Ratio> call(const DeviceToken& name) {
        if (name.text != "ceil" && name.text != "min" && name.text != "max") {
            return line_.refuse(name,
                                quoted(name) + " is no function here: ceil(), min() and max() are");
        }
        if (++nesting_ > kMaxNesting)
            return line_.refuse(name, "the expression is nested too deeply");
        line_.next();
        auto value = name.text == "ceil" ? rounded_up() : extreme(name.text == "min");
        nesting_--;
        return value;
    }

    Parsed<Ratio> rounded_up() {
        CUPEL_TRY(const auto inner, sum(true));
        CUPEL_TRY([[maybe_unused]] const auto close, line_.expect(")", "what ceil() rounds"));
        return Ratio{inner.p / inner.q + (inner.p % inner.q > 0 ? 1 : 0), 1};
    }

    Parsed<Ratio> extreme(bool least) {
        CUPEL_TRY(auto value, sum(false));
        do {
            CUPEL_TRY([[maybe_unused]] const auto comma, line_.expect(",", "the first of two"));
            CUPEL_TRY(const auto other, sum(false));
            value.p = least ? std::min(value.p, other.p) : std::max(value.p, other.p);
        } while (line_.peek().is(","));
        CUPEL_TRY([[maybe_unused]] const auto close, line_.expect(")", "the arguments"));
        return value;
    }

    [[nodiscard]] std::unexpected<Rejection> overflow(const DeviceToken& where) const {
        return line_.refuse(where, "the value does not fit 64 bits");
    }

    LineReader& line_;
    const task::Task& task_;
    int nesting_ = 0;
};

bool is_real(std::string_view number) {
    if (number.starts_with("0x") || number.starts_with("0X")) return false;
    return number.find_first_of(".eEfF") != std::string_view::npos;
}

std::size_t number_end(std::string_view code, std::size_t at, std::size_t end) {
    for (at++; at < end; at++) {
        const char before = code[at - 1];
        const bool sign = (code[at] == '+' || code[at] == '-') && (before == 'e' || before == 'E');
        if (!is_name_byte(code[at]) && code[at] != '.' && !sign) break;
    }
    return at;
}

}  // namespace

std::string quoted(const DeviceToken& token) {
    constexpr std::size_t kShown = 40;
    if (token.kind == DeviceToken::Kind::End) return "the end of the line";
    std::string text(token.text.substr(0, kShown));
    for (char& c : text) {
        if (c < ' ' || c > '~') c = '?';
    }
    return "`" + text + (token.text.size() > kShown ? "..." : "") + "`";
}

DeviceToken LineReader::token_at(std::size_t at) const {
    const std::string_view code = text_.code;
    while (at < end_ && std::string_view(" \t\r\v\f").find(code[at]) != std::string_view::npos)
        at++;
    if (at >= end_) return {DeviceToken::Kind::End, {}, end_, end_};
    auto stop = at + 1;
    auto kind = DeviceToken::Kind::Mark;
    if (is_digit(code[at]) || (code[at] == '.' && stop < end_ && is_digit(code[stop]))) {
        stop = number_end(code, at, end_);
        kind = is_real(code.substr(at, stop - at)) ? DeviceToken::Kind::Real
                                                   : DeviceToken::Kind::Integer;
    } else if (is_name_byte(code[at])) {
        while (stop < end_ && is_name_byte(code[stop]))
            stop++;
        kind = DeviceToken::Kind::Name;
    } else {
        for (const std::string_view mark : {"<<<", ">>>", "::"}) {
            if (code.substr(at, end_ - at).starts_with(mark)) stop = at + mark.size();
        }
    }
    return {kind, code.substr(at, stop - at), at, stop};
}

DeviceToken LineReader::next() {
    const auto token = peek();
    at_ = token.end;
    last_end_ = token.end;
    return token;
}

bool LineReader::take(std::string_view mark) {
    if (!peek().is(mark)) return false;
    next();
    return true;
}

Parsed<DeviceToken> LineReader::expect(std::string_view mark, std::string_view after) {
    const auto token = peek();
    if (token.is(mark)) return next();
    return refuse(token,
                  fmt::format("expected `{}` after {}, found {}", mark, after, quoted(token)));
}

Parsed<DeviceToken> LineReader::expect_name(std::string_view what) {
    const auto token = peek();
    const bool ascii = std::ranges::all_of(token.text, [](char c) { return c > ' ' && c <= '~'; });
    if (token.kind == DeviceToken::Kind::Name && ascii) return next();
    return refuse(token, fmt::format("expected {}, found {}", what, quoted(token)));
}

Parsed<void> LineReader::expect_end(std::string_view after) const {
    const auto token = peek();
    if (token.kind == DeviceToken::Kind::End) return {};
    return refuse(token,
                  fmt::format("expected nothing more after {}, found {}", after, quoted(token)));
}

bool LineReader::is_tuple() const {
    int depth = 0;
    for (auto token = peek(); token.kind != DeviceToken::Kind::End; token = token_at(token.end)) {
        if (token.is("(")) depth++;
        if (token.is(")") && --depth == 0) return false;
        if (token.is(",") && depth == 1) return true;
    }
    return false;
}

std::string LineReader::written_since(std::size_t begin) const {
    return text_.code.substr(begin, last_end_ - begin);
}

std::unexpected<Rejection> LineReader::refuse(const DeviceToken& where,
                                              const std::string& message) const {
    return std::unexpected(text_.refuse(where.begin, message));
}

Parsed<std::int64_t> read_expression(LineReader& line, const task::Task& task) {
    CUPEL_TRY(const auto value, Evaluator(line, task).sum(false));
    return value.p;
}

}  // namespace cupel::target

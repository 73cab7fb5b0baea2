// SPDX-License-Identifier: Apache-2.0
// The small language of `#pragma cupel` lines: tokens, and integer expressions over a task's sizes.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "target/cpu.hpp"
#include "target/device_text.hpp"
#include "task/task.hpp"

namespace cupel::target {

template <class T>
using Parsed = std::expected<T, Rejection>;

struct DeviceToken {
    enum class Kind { Name, Integer, Real, Mark, End };
    Kind kind = Kind::End;
    std::string_view text;  // Mark: one character, or `<<<`, `>>>`, `::`
    std::size_t begin = 0;  // in DeviceText::code
    std::size_t end = 0;

    [[nodiscard]] bool is(std::string_view mark) const {
        return kind == Kind::Mark && text == mark;
    }
};

// Reads one line, token by token.
class LineReader {
public:
    LineReader(const DeviceText& text, std::size_t begin, std::size_t end)
        : text_(text), at_(begin), end_(end) {}

    [[nodiscard]] DeviceToken peek() const { return token_at(at_); }
    // The token after the next one.
    [[nodiscard]] DeviceToken peek_second() const { return token_at(peek().end); }
    DeviceToken next();
    bool take(std::string_view mark);
    // `after` says behind what: "expected `(` after the grid, found `x`".
    [[nodiscard]] Parsed<DeviceToken> expect(std::string_view mark, std::string_view after);
    [[nodiscard]] Parsed<DeviceToken> expect_name(std::string_view what);
    // Nothing but blanks is left.
    [[nodiscard]] Parsed<void> expect_end(std::string_view after) const;
    // Whether what is between the parenthesis that comes next and its partner has a comma of its
    // own.
    [[nodiscard]] bool is_tuple() const;

    // As written, from there to the last token read.
    [[nodiscard]] std::string written_since(std::size_t begin) const;
    [[nodiscard]] std::unexpected<Rejection> refuse(const DeviceToken& where,
                                                    const std::string& message) const;

private:
    [[nodiscard]] DeviceToken token_at(std::size_t at) const;

    const DeviceText& text_;
    std::size_t at_;
    std::size_t end_;
    std::size_t last_end_ = 0;
};

// "`x`", or "the end of the line"; short and printable.
[[nodiscard]] std::string quoted(const DeviceToken& token);

// + - * / % min() max() ceil() and parentheses over integers and sizes, in 64 bits. `/` cuts off as
// in C; directly within ceil() it is exact, and the whole is rounded up.
[[nodiscard]] Parsed<std::int64_t> read_expression(LineReader& line, const task::Task& task);

}  // namespace cupel::target

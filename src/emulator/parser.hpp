// SPDX-License-Identifier: Apache-2.0
// What the two parsers of PTX share: a cursor over tokens, and declarations of variables, which
// stand at the top of a module and inside of kernels alike.
#pragma once

#include <span>

#include "emulator/module.hpp"

namespace cupel::emulator {

using Names = std::map<std::string_view, Index>;

class Cursor {
public:
    Cursor(const Source& source, std::span<const Token> tokens)
        : source_(source), tokens_(tokens) {}

    [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
    const Token& next();
    [[nodiscard]] bool at(std::string_view text) const;  // a word or a symbol
    [[nodiscard]] bool at_end() const { return peek().kind == TokenKind::End; }
    bool accept(std::string_view text);
    Result<void> expect(std::string_view text, std::string_view where);
    Result<Token> word(std::string_view what);
    Result<std::uint64_t> integer(std::string_view what, std::uint64_t most);
    Result<std::array<std::uint32_t, 3>> triple();
    // From an open brace to behind the one that closes it, whatever is between.
    Result<void> skip_braces();
    [[nodiscard]] std::unexpected<Error> expected(std::string_view what) const;
    [[nodiscard]] std::unexpected<Error> error(Offset at, std::string_view message) const {
        return source_.error(at, message);
    }
    [[nodiscard]] const Source& source() const { return source_; }
    [[nodiscard]] std::size_t position() const { return position_; }
    void seek(std::size_t position) { position_ = position; }

private:
    const Source& source_;
    std::span<const Token> tokens_;
    std::size_t position_ = 0;
};

// Version and target, of which the latter is the result.
[[nodiscard]] Result<std::string_view> parse_head(Cursor& cursor);

class Functions;

// What stands behind ".shared" and the like, up to the semicolon or, for parameters, the comma:
// .align 4 .b8 name[16] = {...}. Names of other variables in
// initialisers are looked up in `known`, those of functions in `functions`, if given.
[[nodiscard]] Result<Variable> parse_variable(Cursor& cursor, Space space, const Names& known,
                                              const Functions* functions = nullptr);

// A number as an operand; `made` says where it stands.
[[nodiscard]] Result<Operand> parse_number(Cursor& cursor, Operand made);

// The line that code comes from, as the last .loc says.
class Lines {
public:
    Result<void> read(Cursor& cursor);  // what stands behind .loc
    [[nodiscard]] Line now() const { return now_; }

private:
    std::map<std::array<std::uint64_t, 3>, std::array<std::uint64_t, 3>> inlined_;
    Line now_;
};

// The body of a kernel, from its open brace to behind the closing one. What it calls of `functions`
// becomes part of it. Of one that calls through pointers or recursively, Kernel::unlaunchable says
// so and nothing else is read.
[[nodiscard]] Result<void> parse_body(Cursor& cursor, const Module& module, Functions& functions,
                                      Kernel& kernel);

}  // namespace cupel::emulator

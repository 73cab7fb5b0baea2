// SPDX-License-Identifier: Apache-2.0
// PTX text to tokens. A word is a name, a directive or an opcode with all its modifiers
// ("ld.global.nc.f32"), because PTX allows no space inside of one.
#pragma once

#include <vector>

#include "emulator/source.hpp"

namespace cupel::emulator {

enum class TokenKind : std::uint8_t { Word, Integer, Real, Single, Text, Symbol, End };

struct Token {
    TokenKind kind = TokenKind::End;
    Offset at = 0;
    std::string_view text;  // a slice of the source; without the quotes for Text
    // Integer: the value modulo 2^64. Real: the bits of a double. Single: the bits of a float,
    // which is how PTX writes 0f3F800000.
    std::uint64_t bits = 0;
};

// The tokens, the last of which is End. Errors: an unknown character, a malformed number, an open
// comment or string, a text over 16 MiB.
[[nodiscard]] Result<std::vector<Token>> lex(const Source& source);

}  // namespace cupel::emulator

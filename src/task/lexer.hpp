// SPDX-License-Identifier: Apache-2.0
// Text to tokens. Lines matter only where a message needs them, and for a `baseline`, whose call is
// C++ to whoever runs the panel and one token here; `#` starts a comment.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "task/source.hpp"

namespace cupel::task {

enum class TokenKind { Name, Number, Symbol, Words, End };

struct Token {
    TokenKind kind = TokenKind::End;
    std::string_view text;  // a slice of the source; "end of file" for End
    double number = 0;
    std::optional<std::int64_t> integer;  // a number written without point and exponent
    Place place;
};

// The tokens, the last of which is End. Errors: bytes that are not UTF-8, an unknown character, a
// malformed number, a text over 1 MiB, a baseline over 400 characters.
[[nodiscard]] Result<std::vector<Token>> lex(const Source& source);

}  // namespace cupel::task

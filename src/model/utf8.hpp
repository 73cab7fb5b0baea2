// SPDX-License-Identifier: Apache-2.0
// Text from strangers, made safe to keep: JSON, SQLite and terminals all want whole characters.
#pragma once

#include <string>
#include <string_view>

namespace cupel::model {

// Each byte that is no part of a character (overlong forms, halves of surrogate pairs, what is cut
// off) becomes U+FFFD; so does each NUL.
[[nodiscard]] std::string whole_characters(std::string_view bytes);

// JSON in which each half of a surrogate pair that stands alone, as an escape, is one of U+FFFD:
// servers that cut a stream between two halves send such, and parsers refuse them.
[[nodiscard]] std::string whole_escapes(std::string_view document);

// The first `most` bytes, or fewer, so that no character is cut.
[[nodiscard]] std::string_view first_bytes(std::string_view text, std::size_t most);

}  // namespace cupel::model

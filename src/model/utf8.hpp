// SPDX-License-Identifier: Apache-2.0
// Text from strangers, made safe to keep: JSON, SQLite and terminals all want whole characters.
#pragma once

#include <string>
#include <string_view>

namespace cupel::model {

// Each byte that is no part of a character (overlong forms, halves of surrogate pairs, what is cut
// off) becomes U+FFFD; so does each NUL.
[[nodiscard]] std::string whole_characters(std::string_view bytes);

// The first `most` bytes, or fewer, so that no character is cut.
[[nodiscard]] std::string_view first_bytes(std::string_view text, std::size_t most);

}  // namespace cupel::model

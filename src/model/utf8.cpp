// SPDX-License-Identifier: Apache-2.0
#include "model/utf8.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace cupel::model {

std::string whole_characters(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        const std::size_t size = bytes.front() == '\0' ? 0 : utf8_size(bytes);
        if (size == 0) {
            text += "\xEF\xBF\xBD";
        } else {
            text += bytes.substr(0, size);
        }
        bytes.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return text;
}

std::string_view first_bytes(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80)
        --most;
    return text.substr(0, most);
}

}  // namespace cupel::model

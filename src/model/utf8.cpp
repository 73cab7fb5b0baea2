// SPDX-License-Identifier: Apache-2.0
#include "model/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

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

std::string whole_escapes(std::string_view document) {
    constexpr std::size_t kEscape = 6;  // \\uXXXX
    const auto unit = [](std::string_view at) -> std::optional<unsigned> {
        constexpr int kHex = 16;
        unsigned value = 0;
        if (at.size() < kEscape || !at.starts_with("\\u")) return std::nullopt;
        const auto read = std::from_chars(at.data() + 2, at.data() + kEscape, value, kHex);
        return read.ptr == at.data() + kEscape ? std::optional(value) : std::nullopt;
    };
    const auto is_high = [](unsigned value) { return value >= 0xD800 && value < 0xDC00; };
    const auto is_low = [](unsigned value) { return value >= 0xDC00 && value < 0xE000; };
    std::string text;
    text.reserve(document.size());
    while (!document.empty()) {
        const auto first = unit(document);
        const auto second = first ? unit(document.substr(kEscape)) : std::nullopt;
        std::size_t size = first ? kEscape : document.front() == '\\' ? 2 : 1;
        const bool pair = first && second && is_high(*first) && is_low(*second);
        if (pair) size = 2 * kEscape;
        const bool lone = first && !pair && (is_high(*first) || is_low(*first));
        text += lone ? std::string_view("\\ufffd") : document.substr(0, size);
        document.remove_prefix(std::min(size, document.size()));
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

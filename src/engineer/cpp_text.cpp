// SPDX-License-Identifier: Apache-2.0
#include "engineer/cpp_text.hpp"

#include <charconv>

#include "base/hash.hpp"

namespace cupel::engineer {

std::uint64_t fingerprint(std::string_view text) {
    constexpr std::size_t kDigits = 16;
    constexpr int kHex = 16;
    const std::string digits = hash_hex(text).substr(0, kDigits);
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, kHex);
    return value;
}

}  // namespace cupel::engineer

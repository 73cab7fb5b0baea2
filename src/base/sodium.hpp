// SPDX-License-Identifier: Apache-2.0
// What every use of libsodium begins with.
#pragma once

#include <sodium.h>

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cupel {

inline void ensure_sodium() {
    static const int kReady = sodium_init();
    CUPEL_CHECK(kReady >= 0);
}

[[nodiscard]] inline const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// In lower case.
[[nodiscard]] inline std::string to_hex(std::span<const unsigned char> bytes) {
    std::string hex(2 * bytes.size() + 1, '\0');
    sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
    hex.pop_back();
    return hex;
}

}  // namespace cupel

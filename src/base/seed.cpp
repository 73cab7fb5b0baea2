// SPDX-License-Identifier: Apache-2.0
#include "base/seed.hpp"

#include <algorithm>
#include <bit>
#include <span>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "base/sodium.hpp"

namespace cupel {
Seed Seed::draw() {
    Seed seed;
    random_bytes(std::as_writable_bytes(std::span(seed.bytes_)));
    return seed;
}

std::optional<Seed> Seed::from_hex(std::string_view hex) {
    constexpr std::string_view kDigits = "0123456789abcdef";  // one spelling
    Seed seed;
    if (hex.size() != 2 * kBytes || hex.find_first_not_of(kDigits) != std::string_view::npos)
        return std::nullopt;
    if (sodium_hex2bin(seed.bytes_.data(), kBytes, hex.data(), hex.size(), nullptr, nullptr,
                       nullptr) != 0)
        return std::nullopt;
    return seed;
}

std::string Seed::hex() const {
    ensure_sodium();
    std::string text(2 * kBytes + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes_.data(), kBytes);
    text.pop_back();
    return text;
}

std::string Seed::commitment() const {
    return hash_hex("cupel seed 1 " + hex());
}

std::uint64_t Seed::number(std::uint64_t index) const {
    ensure_sodium();
    static_assert(std::endian::native == std::endian::little);
    const auto message = std::bit_cast<std::array<unsigned char, 8>>(index);
    std::array<unsigned char, 32> digest{};
    crypto_generichash(digest.data(), digest.size(), message.data(), message.size(), bytes_.data(),
                       bytes_.size());
    std::array<unsigned char, 8> first{};
    std::copy_n(digest.begin(), first.size(), first.begin());
    return std::bit_cast<std::uint64_t>(first);
}

}  // namespace cupel

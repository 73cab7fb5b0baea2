// SPDX-License-Identifier: Apache-2.0
#include "base/hash.hpp"

#include <array>
#include <bit>

#include "base/sodium.hpp"

namespace cupel {
namespace {

constexpr std::size_t kDigest = 32;

}  // namespace

std::string hash_hex(std::string_view bytes) {
    ensure_sodium();
    std::array<unsigned char, kDigest> digest{};
    crypto_generichash(digest.data(), digest.size(), bytes_of(bytes), bytes.size(), nullptr, 0);
    return to_hex(digest);
}

std::string hash_parts(std::span<const std::string_view> parts) {
    ensure_sodium();
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, kDigest);
    for (const std::string_view part : parts) {
        const auto size = std::bit_cast<std::array<unsigned char, 8>>(std::uint64_t{part.size()});
        crypto_generichash_update(&state, size.data(), size.size());
        crypto_generichash_update(&state, bytes_of(part), part.size());
    }
    std::array<unsigned char, kDigest> digest{};
    crypto_generichash_final(&state, digest.data(), digest.size());
    return to_hex(digest);
}

void random_bytes(std::span<std::byte> out) {
    ensure_sodium();
    randombytes_buf(out.data(), out.size());
}

std::uint64_t random_u64() {
    std::array<std::byte, 8> bytes{};
    random_bytes(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

std::uint64_t derived_u64(std::uint64_t key, std::uint64_t number) {
    static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_BYTES == 8);
    const auto secret =
        std::bit_cast<std::array<unsigned char, 16>>(std::array<std::uint64_t, 2>{key, ~key});
    const auto message = std::bit_cast<std::array<unsigned char, 8>>(number);
    std::array<unsigned char, 8> derived{};
    crypto_shorthash(derived.data(), message.data(), message.size(), secret.data());
    return std::bit_cast<std::uint64_t>(derived);
}

}  // namespace cupel

// SPDX-License-Identifier: Apache-2.0
// Content hashes (BLAKE2b-256 by libsodium) and random bytes from the operating system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cupel {

// 64 lower-case hex digits: BLAKE2b with a 32-byte digest over the bytes.
[[nodiscard]] std::string hash_hex(std::string_view bytes);

// Hashes a sequence of parts so that no two different sequences collide by concatenation.
[[nodiscard]] std::string hash_parts(std::span<const std::string_view> parts);

// Fills the span with bytes nobody can predict.
void random_bytes(std::span<std::byte> out);
[[nodiscard]] std::uint64_t random_u64();

// A number that nobody without the key can tell from a random one (SipHash-2-4), whatever other
// numbers of the same key they have seen.
[[nodiscard]] std::uint64_t derived_u64(std::uint64_t key, std::uint64_t number);

}  // namespace cupel

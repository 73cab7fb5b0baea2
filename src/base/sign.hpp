// SPDX-License-Identifier: Apache-2.0
// Signatures (Ed25519 by libsodium). Text is lower-case hexadecimal, of exactly one spelling: what
// is spelt in another way is not a key and not a signature.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cupel {

class SigningKey {
public:
    [[nodiscard]] static SigningKey make();  // from the operating system's random bytes
    // 64 digits; nothing where the text is anything else.
    [[nodiscard]] static std::optional<SigningKey> from_hex(std::string_view secret);
    SigningKey(const SigningKey&) = default;
    SigningKey& operator=(const SigningKey&) = default;
    SigningKey(SigningKey&&) = default;
    SigningKey& operator=(SigningKey&&) = default;
    ~SigningKey();  // leaves no secret in memory

    [[nodiscard]] std::string secret_hex() const;
    [[nodiscard]] std::string public_hex() const;                    // 64 digits
    [[nodiscard]] std::string sign(std::string_view message) const;  // 128 digits

private:
    static constexpr std::size_t kSeed = 32;
    SigningKey() = default;
    std::array<unsigned char, kSeed> seed_{};
};

[[nodiscard]] bool verify_signature(std::string_view public_hex, std::string_view message,
                                    std::string_view signature);

// What people compare: the first 128 bits of the hash of the public key, 32 digits.
[[nodiscard]] std::string key_fingerprint(std::string_view public_hex);

}  // namespace cupel

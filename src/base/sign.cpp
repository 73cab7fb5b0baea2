// SPDX-License-Identifier: Apache-2.0
#include "base/sign.hpp"

#include <span>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "base/sodium.hpp"

namespace cupel {
namespace {

constexpr std::size_t kPublic = crypto_sign_PUBLICKEYBYTES;
constexpr std::size_t kSignature = crypto_sign_BYTES;
constexpr std::size_t kFingerprintDigits = 32;

// sodium_hex2bin takes upper case too; a second spelling would be an edit that nobody sees.
template <std::size_t Size>
bool from_hex(std::string_view hex, std::array<unsigned char, Size>& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (hex.size() != 2 * Size || hex.find_first_not_of(kDigits) != std::string_view::npos)
        return false;
    return sodium_hex2bin(bytes.data(), Size, hex.data(), hex.size(), nullptr, nullptr, nullptr) ==
           0;
}

// The expanded key that libsodium signs with; wiped when it is done.
struct Pair {
    explicit Pair(std::span<const unsigned char> seed) {
        ensure_sodium();
        CUPEL_CHECK(crypto_sign_seed_keypair(open.data(), secret.data(), seed.data()) == 0);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    Pair(Pair&&) = delete;
    Pair& operator=(Pair&&) = delete;
    ~Pair() { sodium_memzero(secret.data(), secret.size()); }
    std::array<unsigned char, kPublic> open{};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
};

}  // namespace

SigningKey SigningKey::make() {
    SigningKey key;
    random_bytes(std::as_writable_bytes(std::span(key.seed_)));
    return key;
}

std::optional<SigningKey> SigningKey::from_hex(std::string_view secret) {
    ensure_sodium();
    SigningKey key;
    if (!cupel::from_hex(secret, key.seed_)) return std::nullopt;
    return key;
}

SigningKey::~SigningKey() {
    sodium_memzero(seed_.data(), seed_.size());
}

std::string SigningKey::secret_hex() const {
    return to_hex(seed_);
}

std::string SigningKey::public_hex() const {
    return to_hex(Pair(seed_).open);
}

std::string SigningKey::sign(std::string_view message) const {
    const Pair pair(seed_);
    std::array<unsigned char, kSignature> signature{};
    CUPEL_CHECK(crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(),
                                     pair.secret.data()) == 0);
    return to_hex(signature);
}

bool verify_signature(std::string_view public_hex, std::string_view message,
                      std::string_view signature) {
    ensure_sodium();
    std::array<unsigned char, kPublic> key{};
    std::array<unsigned char, kSignature> bytes{};
    return from_hex(public_hex, key) && from_hex(signature, bytes) &&
           crypto_sign_verify_detached(bytes.data(), bytes_of(message), message.size(),
                                       key.data()) == 0;
}

std::string key_fingerprint(std::string_view public_hex) {
    return hash_hex(public_hex).substr(0, kFingerprintDigits);
}

}  // namespace cupel

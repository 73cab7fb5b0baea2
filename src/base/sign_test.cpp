// SPDX-License-Identifier: Apache-2.0
#include "base/sign.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

namespace cupel {
namespace {

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

TEST(Signature, AgreesWithThePublishedOneOfRfc8032) {
    const auto key =
        SigningKey::from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->public_hex(),
              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    EXPECT_EQ(
        key->sign(""),
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
        "701cf9b46bd25bf5f0595bbe24655141438e7a100b");
}

TEST(Signature, HoldsForItsMessageAndItsKeyAlone) {
    const SigningKey key = SigningKey::make();
    const std::string message = "faster: 2x";
    const std::string signature = key.sign(message);
    EXPECT_TRUE(verify_signature(key.public_hex(), message, signature));
    EXPECT_FALSE(verify_signature(key.public_hex(), "faster: 3x", signature));
    EXPECT_FALSE(verify_signature(SigningKey::make().public_hex(), message, signature));
    for (std::size_t i = 0; i < signature.size(); ++i) {
        std::string edited = signature;
        edited[i] = edited[i] == '0' ? '1' : '0';
        EXPECT_FALSE(verify_signature(key.public_hex(), message, edited)) << i;
    }
}

TEST(Signature, HasOneSpelling) {
    const SigningKey key = SigningKey::make();
    const std::string signature = key.sign("x");
    EXPECT_FALSE(verify_signature(key.public_hex(), "x", upper(signature)));
    EXPECT_FALSE(verify_signature(upper(key.public_hex()), "x", signature));
    EXPECT_FALSE(verify_signature(key.public_hex(), "x", signature + " "));
    EXPECT_FALSE(verify_signature("", "x", ""));
    EXPECT_FALSE(SigningKey::from_hex(upper(key.secret_hex())));
    EXPECT_FALSE(SigningKey::from_hex(key.secret_hex() + "0"));
    EXPECT_EQ(SigningKey::from_hex(key.secret_hex())->public_hex(), key.public_hex());
}

// The all-zero public key is a point of small order: with it one signature would fit every message.
TEST(Signature, OfAWeakKeyNeverHolds) {
    const std::string zero(64, '0');
    EXPECT_FALSE(verify_signature(zero, "x", std::string(128, '0')));
    EXPECT_FALSE(verify_signature("01" + std::string(62, '0'), "x", "01" + std::string(126, '0')));
}

TEST(Signature, KeysHaveFingerprints) {
    const std::string mine = key_fingerprint(SigningKey::make().public_hex());
    EXPECT_EQ(mine.size(), 32U);
    EXPECT_NE(mine, key_fingerprint(SigningKey::make().public_hex()));
}

}  // namespace
}  // namespace cupel

// SPDX-License-Identifier: Apache-2.0
#include "cli/seal.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "os/user_key.hpp"

namespace cupel::cli {
namespace {

// Of this user; empty where there is none. Whoever only looks makes none.
std::string own_key() {
    const auto path = os::user_key_path();
    std::error_code ignored;
    if (!path || !std::filesystem::exists(*path, ignored)) return {};
    const auto key = os::user_key();
    return key ? key->public_hex() : "";
}

}  // namespace

void seal(report::Card& card, std::string_view words, const referee::Certificate& certificate,
          std::string_view wanted) {
    const referee::Certificate::Signature& signature = certificate.signature;
    card.seal = words;
    if (signature.key.empty()) {
        card.tone = report::Tone::Doubtful;
        card.seal += ", unsigned";
    } else if (wanted == signature.fingerprint() || signature.key == own_key()) {
        card.tone = report::Tone::Good;
    } else {
        card.tone = report::Tone::Strong;
        card.seal += ", foreign key";
    }
}

}  // namespace cupel::cli

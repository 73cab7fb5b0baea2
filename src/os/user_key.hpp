// SPDX-License-Identifier: Apache-2.0
// The user's signing key: one file that only its owner may read, made on first use.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "base/sign.hpp"

namespace cupel::os {

// $XDG_CONFIG_HOME/cupel/signing.key or ~/.config/cupel/signing.key. Of two processes that make it
// at once both get the same key.
//   Missing: there is no place where a key could be kept (read-only, no home); nothing is wrong.
//   Corrupt, Invalid: a key is there that must not be used (damaged; others may read or replace
//   it); the text says what to do.
[[nodiscard]] Result<SigningKey> user_key();
[[nodiscard]] Result<std::filesystem::path> user_key_path();

}  // namespace cupel::os

// SPDX-License-Identifier: Apache-2.0
// Random choices that can be told afterwards, and checked by whoever knows what was promised
// before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cupel {

// A secret of 32 bytes that every random choice of one piece of work is derived from, so that it
// can be told afterwards. Who knows the commitment before knows later that the seed was not
// changed.
class Seed {
public:
    [[nodiscard]] static Seed draw();  // from the operating system
    [[nodiscard]] static std::optional<Seed> from_hex(std::string_view hex);  // 64 digits
    [[nodiscard]] std::string hex() const;
    [[nodiscard]] std::string commitment() const;  // its hash, 64 digits
    // BLAKE2b of the number (8 bytes, lowest first) under the seed as key; its first 8 bytes,
    // lowest first. Nobody can tell it from random without the seed, whatever other numbers they
    // have seen.
    [[nodiscard]] std::uint64_t number(std::uint64_t index) const;

private:
    static constexpr std::size_t kBytes = 32;
    Seed() = default;
    std::array<unsigned char, kBytes> bytes_{};
};

}  // namespace cupel

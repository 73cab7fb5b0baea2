// SPDX-License-Identifier: Apache-2.0
// Poison byte by byte. Taint says of a lane of a register that something in it is poison; compilers
// copy structs with their padding, and join a half that nobody wrote with one that counts, so which
// bytes are is kept beside it wherever bytes are only moved: loaded, stored, shuffled, selected,
// packed, shifted, masked. Everything else makes poison of all that it computes from some.
#pragma once

#include "emulator/op.hpp"

namespace cupel::emulator {

inline constexpr std::uint8_t kAllBytes = 0xFF;

// A bit for each byte of the lane: 0 where nothing is poison, kAllBytes where all is.
[[nodiscard]] std::uint8_t poisoned_bytes(const Warp& warp, std::uint32_t row_offset,
                                          unsigned lane);
// Of a lane that is poison already; `bytes` of a register that has `width` of them, not 0.
void narrow_poison(Warp& warp, std::uint32_t row_offset, unsigned lane, std::uint8_t bytes,
                   unsigned width);

// After an operation that moves bytes (Op::moves), some of which are poison: which of its result
// are. Found by trying: what does not change with them does not depend on them.
void spread_bytes(Warp& warp, const Op& op);

}  // namespace cupel::emulator

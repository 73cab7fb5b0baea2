// SPDX-License-Identifier: Apache-2.0
// The race check: an access against those before it to the same bytes that nothing orders.
#pragma once

#include "emulator/access.hpp"

namespace cupel::emulator {

// Who accesses what: one lane, some bytes at an offset of a region.
struct Touch {
    Block& block;
    Region& region;
    std::uint64_t offset = 0;
    unsigned bytes = 0;
    std::uint32_t thread = 0;
    std::uint32_t site = 0;
};

void race_read(const Touch& touch);
// All lanes of a part, of which most are seen to be in order at a glance. True:
// two warps have read all of it since the last barrier of the block, and nobody
// has written to it.
bool race_read_all(Block& block, const Warp& warp, std::uint32_t site, const Part& part,
                   unsigned bytes);
// `value`: the bytes about to be stored, to tell races of equal values apart; null: not known.
void race_write(const Touch& touch, const std::byte* value);

}  // namespace cupel::emulator

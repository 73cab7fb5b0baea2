// SPDX-License-Identifier: Apache-2.0
// Which lanes of a warp run next. Lanes at one operation are a group; the group that is furthest
// behind runs, so that those that parted meet again. A group that spins in a loop gives way to the
// others, which makes locks among the lanes of one warp work, as they do on a device.
#pragma once

#include "emulator/block.hpp"

namespace cupel::emulator {

// Runs one warp until it waits for others, gives up its turn, or has run for `quantum`
// instructions. False where no group of it could run.
bool run_warp(Block& block, Warp& warp, std::uint64_t quantum);

// Nothing in the block can run: groups that wait for lanes which can never come are told to go on
// without. False where there are none.
bool force_groups(Block& block);

// taint.cpp: doubt reached a decision. `lanes`: those that the guard is asked for.
void check_guard(Warp& warp, const Op& op, std::uint32_t lanes, bool diverts);
// All that the operation writes, of these lanes, depends on the environment.
void colour_written(const Warp& warp, const Op& op, std::uint32_t lanes);
void end_detours(Warp& warp, const Group& group);
void spread_some_taint(Warp& warp, const Op& op);
// Where nothing is in doubt there is nothing to spread: nearly always.
[[gnu::always_inline]] inline void spread_taint(Warp& warp, const Op& op) {
    const auto whole = [&](std::uint32_t row_offset) {
        return std::bit_cast<std::uint64_t>(taint_of(warp, row_offset));
    };
    const std::uint64_t from = whole(op.a) | whole(op.b) | whole(op.c) | whole(op.e);
    if ((from | whole(op.d) | whole(op.d2)) != 0) spread_some_taint(warp, op);
}

}  // namespace cupel::emulator

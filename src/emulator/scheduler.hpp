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
void end_detours(Warp& warp, const Group& group);
void spread_taint(const Warp& warp, const Op& op);

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// Copies into shared memory that go on while the thread does (cp.async), and mbarriers. The bytes
// are copied at once, and marked as under way until somebody waits; who touches them before is told
// of.
#pragma once

#include "emulator/access.hpp"

namespace cupel::emulator {

// a, imm: the destination. b: the row of source addresses. c: how many bytes to take, the rest
// being zeros. bytes: of one lane.
void copy_async(Warp& warp, const Op& op);
void copy_async_checked(Warp& warp, const Op& op);
void commit_copies(Warp& warp, const Op& op);
void wait_copies(Warp& warp, const Op& op);  // imm: groups that may stay open; -1: wait for all

void mbarrier_init(Warp& warp, const Op& op);  // b: how many arrive
void mbarrier_end(Warp& warp, const Op& op);
void mbarrier_arrive(Warp& warp,
                     const Op& op);  // d: the state, b: how many arrivals this counts for
void mbarrier_copies(Warp& warp, const Op& op);  // arrives when the thread's copies are there
void mbarrier_test(Warp& warp, const Op& op);    // d: a predicate, b: the state, or the parity

// Op::elements of mbarrier_test and mbarrier_copies.
constexpr std::uint8_t kByParity = 2;
constexpr std::uint8_t kNoIncrement = 2;

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// Bulk copies between global and shared memory (cp.async.bulk), and the bytes that mbarriers expect
// of them. As with other copies the bytes move at once, and are marked as under way until somebody
// waits.
#pragma once

#include <functional>
#include <string_view>

#include "emulator/access.hpp"

namespace cupel::emulator {

// a, imm: the place in shared memory. b: the row of places in global memory. c: how many bytes.
void bulk_load(Warp& warp, const Op& op);   // bulk_arrive follows
void bulk_store(Warp& warp, const Op& op);  // belongs to the thread's next group
// What the lane's last bulk load brings counts for the phase of the mbarrier.
void bulk_arrive(Warp& warp, const Op& op);
// b: so many bytes more are to come in this phase.
void mbarrier_expect(Warp& warp, const Op& op);
void bulk_commit(Warp& warp, const Op& op);
void bulk_wait(Warp& warp, const Op& op);       // imm: groups that may stay open
void bulk_wait_read(Warp& warp, const Op& op);  // the same, for their sources only

void proxy_fence(Warp& warp, const Op& op);  // imm: kinds of memory, see kProxyOfShared
constexpr std::int64_t kProxyOfShared = 1;
constexpr std::int64_t kProxyOfGlobal = 2;

void elect_lane(Warp& warp, const Op& op);  // d: its number, d2: whether this is it

// async.cpp
// The phase ends where all have come and all bytes are there.
void settle_phase(MBarrier& barrier);
void report_barrier_use(const Warp& warp, const Op& op, unsigned lane, int kind,
                        std::string_view words);
// The mbarriers at the addresses of the operation, lane by lane; what is none is told of.
void for_mbarriers(Warp& warp, const Op& op,
                   const std::function<void(unsigned lane, MBarrier& barrier)>& use);

// Nobody has waited for it before, as somebody does now: its destination may be used.
void finish_bulk(Block& block, BulkCopy& copy);
// Lanes that have ended: nothing may still be read of the memory that ends with them.
void tell_of_open_bulk(const Warp& warp, const Op& op, std::uint32_t lanes);
// Of a block that does not come to its end.
void tell_of_missing_bytes(const Block& block);

}  // namespace cupel::emulator

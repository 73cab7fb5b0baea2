// SPDX-License-Identifier: Apache-2.0
// The 16 barriers of a block. One without a count is for all threads that have not exited, and
// orders everything; one with a count orders those who meet at it.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/access.hpp"

namespace cupel::emulator {
namespace {

// Op::flags of barriers.
constexpr std::uint8_t kCounted = 1;

std::uint32_t count_of(std::uint32_t mask) {
    return static_cast<std::uint32_t>(std::popcount(mask));
}

void note_exits(Block& block, const BlockBarrier& barrier) {
    if (block.exits_noted || block.alive == block.grid.threads) return;
    block.exits_noted = true;
    const Event event{.fault = Fault::Note,
                      .site = barrier.site,
                      .block = block.index,
                      .thread = barrier.first_thread};
    block.grid.findings.add(event, 10, [&](const std::string& here, const std::string&) {
        return fmt::format("the barrier at {} is for all threads, and {} of {} have exited before",
                           here, block.grid.threads - block.alive, block.grid.threads);
    });
}

bool is_complete(const Block& block, const BlockBarrier& barrier) {
    if (barrier.arrived == 0) return false;
    return barrier.expected == 0 ? barrier.arrived >= block.alive
                                 : barrier.arrived >= barrier.expected;
}

void give_reduction(Block& block, const BlockBarrier& barrier,
                    const BlockBarrier::Waiting& waiting) {
    const Op& op = *waiting.op;
    Warp& warp = block.warps[waiting.warp];
    warp.mask = waiting.mask;
    if (op.imm == kBarRedPopc) {
        std::array<std::uint32_t, kLanes> values;
        values.fill(barrier.true_threads);
        store_row(warp, op.d, values.data());
    } else if (op.imm == kBarRedAnd || op.imm == kBarRedOr) {
        const bool holds = op.imm == kBarRedAnd ? barrier.true_threads == barrier.arrived
                                                : barrier.true_threads != 0;
        set_predicate(warp, op.d, holds ? kAllLanes : 0);
    } else {
        return;
    }
    set_taint(warp, op.d, barrier.doubt);
}

// Between those who wait, and from those who only arrived.
void exchange_knowledge(Block& block, BlockBarrier& barrier) {
    for (const BlockBarrier::Waiting& waiting : barrier.waiting) {
        const Warp& warp = block.warps[waiting.warp];
        for_lanes(waiting.mask,
                  [&](unsigned i) { block.clocks.release(warp.thread(i), barrier.knowledge); });
    }
    for (const BlockBarrier::Waiting& waiting : barrier.waiting) {
        const Warp& warp = block.warps[waiting.warp];
        for_lanes(waiting.mask,
                  [&](unsigned i) { block.clocks.acquire(warp.thread(i), barrier.knowledge); });
    }
}

void open(Block& block, BlockBarrier& barrier) {
    std::uint32_t waiting_threads = 0;
    for (const BlockBarrier::Waiting& waiting : barrier.waiting)
        waiting_threads += count_of(waiting.mask);
    const bool everybody = waiting_threads >= block.alive && !barrier.arrived_without_waiting;
    if (everybody) {
        note_exits(block, barrier);
        if (block.grid.options.checks) block.clocks.block_barrier();
    }
    if (!everybody && block.grid.options.checks) exchange_knowledge(block, barrier);
    for (const BlockBarrier::Waiting& waiting : barrier.waiting) {
        Warp& warp = block.warps[waiting.warp];
        give_reduction(block, barrier, waiting);
        for (Group& group : warp.groups) {
            if (group.state == Group::State::AtBarrier && group.mask == waiting.mask) {
                group.state = Group::State::Ready;
                group.pc++;
            }
        }
    }
    barrier = {};
}

void report_operands(const Block& block, const Warp& warp, const Op& op, unsigned lane,
                     std::uint32_t counted) {
    block.grid.findings.add(
        block.event(warp, lane, op, Fault::BarrierDivergence), 11,
        [&](const std::string& here, const std::string&) {
            const std::uint32_t id = row<std::uint32_t>(warp, op.a)[lane];
            if (id >= kBarriers)
                return fmt::format("{} names barrier {}, and a block has {}", here, id, kBarriers);
            return fmt::format("{} waits for {} threads, and barriers count whole warps of 32",
                               here, counted);
        });
}

}  // namespace

bool arrive_at_barrier(Block& block, Warp& warp, const Op& op) {
    const auto lane = static_cast<unsigned>(std::countr_zero(warp.mask));
    if (block.grid.options.checks) {
        check_choice(warp, op, op.a);
        check_choice(warp, op, op.b);
    }
    const std::uint32_t id = row<std::uint32_t>(warp, op.a)[lane] % kBarriers;
    const std::uint32_t counted =
        (op.flags & kCounted) != 0 ? row<std::uint32_t>(warp, op.b)[lane] : 0;
    const std::uint32_t whole = (block.grid.threads + kLanes - 1) / kLanes * kLanes;
    const bool waits = op.imm != kBarArrive;
    const auto is_for_all = [&](std::uint32_t count) {
        return count == 0 || count == whole || count == block.grid.threads;
    };
    if (row<std::uint32_t>(warp, op.a)[lane] >= kBarriers || counted % kLanes != 0)
        report_operands(block, warp, op, lane, counted);
    // A count of all threads is none: those that have exited are not waited for. But who arrives
    // and exits has arrived, so then it stays a count.
    const std::uint32_t expected = is_for_all(counted) && waits ? 0 : counted;
    BlockBarrier& barrier = block.barriers[id];
    if (barrier.arrived == 0) {
        barrier.expected = expected;
        barrier.site = op.site;
        barrier.first_thread = warp.thread(lane);
    } else if (is_for_all(counted) && is_for_all(barrier.expected)) {
        barrier.expected = std::max(barrier.expected, expected);
    } else if (barrier.expected != expected) {
        Event event = block.event(warp, lane, op, Fault::BarrierDivergence);
        event.other_site = barrier.site;
        event.other_block = block.index;
        event.other_thread = barrier.first_thread;
        block.grid.findings.add(event, 3, [&](const std::string& here, const std::string& there) {
            return fmt::format("{} and {} meet at barrier {} with different counts", here, there,
                               id);
        });
    }
    // A warp counts as a whole, also where some of its threads have exited.
    const bool whole_warp = warp.mask == warp.alive && barrier.expected != 0;
    barrier.arrived += whole_warp ? kLanes : count_of(warp.mask);
    if (op.imm >= kBarRedPopc) {
        const std::uint32_t p = predicate(warp, op.c) ^ op.target;
        barrier.true_threads += count_of(p & warp.mask);
        const Taint taint = taint_of(warp, op.c);
        if ((taint.poison & warp.mask) != 0) barrier.doubt.poison = kAllLanes;
        if ((taint.environment & warp.mask) != 0) barrier.doubt.environment = kAllLanes;
    }
    // Who waits does nothing meanwhile: what those know is added when the barrier opens.
    barrier.arrived_without_waiting |= !waits;
    if (block.grid.options.checks && !waits) {
        for_lanes(warp.mask,
                  [&](unsigned i) { block.clocks.release(warp.thread(i), barrier.knowledge); });
    }
    if (waits) barrier.waiting.push_back({.warp = warp.index, .mask = warp.mask, .op = &op});
    if (!waits && is_complete(block, barrier)) open(block, barrier);
    return !waits;
}

void open_complete_barriers(Block& block) {
    for (BlockBarrier& barrier : block.barriers) {
        if (is_complete(block, barrier)) open(block, barrier);
    }
}

}  // namespace cupel::emulator

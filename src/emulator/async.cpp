// SPDX-License-Identifier: Apache-2.0
#include "emulator/async.hpp"

#include <fmt/format.h>

#include "emulator/bulk.hpp"
#include "emulator/integers.hpp"
#include "emulator/race.hpp"

namespace cupel::emulator {
namespace {

using Bytes = std::array<std::byte, 16>;

struct Fetched {
    std::array<Bytes, kLanes> bytes{};
    std::array<const std::byte*, kLanes> from{};  // null where nothing is taken
    Taint taint;
    std::array<std::uint16_t, kLanes> poisoned{};  // which bytes of a lane whose taint says poison
};
constexpr std::uint16_t kAllFetched = 0xFFFF;

// Which of up to sixteen bytes.
std::uint16_t poison_of(const Part& part, unsigned lane, unsigned bytes) {
    const unsigned low = poison_in_memory(part, lane, 0, std::min(bytes, 8U));
    const unsigned high = bytes > 8 ? poison_in_memory(part, lane, 8, bytes - 8) : 0;
    return static_cast<std::uint16_t>(low | high << 8);
}
void shade_fetched(const Part& part, unsigned lane, unsigned bytes, std::uint16_t poisoned) {
    clear_poison(part, lane, 0, std::min(bytes, 8U), static_cast<std::uint8_t>(poisoned));
    if (bytes > 8) clear_poison(part, lane, 8, bytes - 8, static_cast<std::uint8_t>(poisoned >> 8));
}

// Reads `bytes` of each lane of the mask.
void fetch_lanes(Warp& warp, const Op& source, unsigned bytes, U32 mask, Fetched& fetched) {
    const U32 before = warp.mask;
    warp.mask = mask;
    const bool checks = warp.block->grid.options.checks;
    for_parts(warp, source, bytes, [&](Part& part) {
        find_leaders(part);
        fetched.taint.poison |= part.bad;
        for_lanes(part.bad, [&](unsigned i) { fetched.poisoned[i] = kAllFetched; });
        if (part.mask == 0) return;
        if (checks) {
            check_address_taint(warp, source);
            const Taint found = check_load(warp, source, part, bytes);
            fetched.taint.poison |= found.poison;
            fetched.taint.environment |= found.environment;
            for_lanes(found.poison & part.mask,
                      [&](unsigned i) { fetched.poisoned[i] |= poison_of(part, i, bytes); });
            count_access(warp, part, bytes);
        }
        for_lanes(part.mask, [&](unsigned i) {
            fetched.from[i] = part.region->data.data() + part.offsets[i];
            std::memcpy(fetched.bytes[i].data(), fetched.from[i], bytes);
        });
    });
    warp.mask = before;
}

Fetched fetch(Warp& warp, const Op& op) {
    Fetched fetched;
    Op source = op;
    source.a = op.b;
    source.imm = 0;
    source.space = Space::Global;
    source.flags = 0;
    const auto* const wanted = row<U32>(warp, op.c);
    if (warp.block->grid.options.checks) {
        fetched.taint = taint_of(warp, op.c);
        for_lanes(fetched.taint.poison, [&](unsigned i) { fetched.poisoned[i] = kAllFetched; });
    }
    U32 whole = 0;
    U32 partly = 0;
    for_lanes(warp.mask, [&](unsigned i) {
        if (wanted[i] >= op.bytes) whole |= 1U << i;
        if (wanted[i] > 0 && wanted[i] < op.bytes) partly |= 1U << i;
    });
    if (whole != 0) fetch_lanes(warp, source, op.bytes, whole, fetched);
    check_alignment(warp, source, partly, op.bytes);
    for_lanes(partly, [&](unsigned i) {  // byte by byte, so that none beyond is touched
        for (U32 b = 0; b < wanted[i]; b++) {
            Fetched one;
            source.imm = b;
            fetch_lanes(warp, source, 1, 1U << i, one);
            fetched.bytes[i][b] = one.bytes[i][0];
            if (one.taint.poison != 0) fetched.poisoned[i] |= static_cast<std::uint16_t>(1U << b);
            fetched.taint.poison |= one.taint.poison;
            fetched.taint.environment |= one.taint.environment;
            if (b == 0) fetched.from[i] = one.from[i];
        }
    });
    return fetched;
}

// To others the copy is a write of the thread, where it says that it is there.
void tell(Block& block, std::uint32_t thread, Copy& copy) {
    if (block.shared.trails.empty() || copy.told) return;
    copy.told = true;
    race_write({.block = block,
                .region = block.shared,
                .offset = copy.offset,
                .bytes = copy.bytes,
                .thread = thread,
                .site = copy.site},
               nullptr);
}

void finish(Block& block, std::uint32_t thread, Copy& copy) {
    for (std::uint32_t b = 0; b < copy.bytes; b++)
        block.shared.shadow[copy.offset + b] &= static_cast<std::uint8_t>(~kInFlight);
    tell(block, thread, copy);
    // The bytes were taken when the copy began; at what time a device takes them nobody knows.
    if (copy.source == nullptr ||
        std::memcmp(copy.source, block.shared.data.data() + copy.offset, copy.taken) == 0)
        return;
    const Event event{
        .fault = Fault::AsyncHazard, .site = copy.site, .block = block.index, .thread = thread};
    block.grid.findings.add(event, 8, [&](const std::string& here, const std::string&) {
        return fmt::format("what {} copies from, or to, was changed before anyone waited for it",
                           here);
    });
}

// Those of the thread that it had begun by then.
void finish_until(Block& block, const Awaited& awaited) {
    Copies& copies = block.copies[awaited.thread];
    const auto finish_some = [&](std::vector<Copy>& some) {
        std::erase_if(some, [&](Copy& copy) {
            if (copy.number >= awaited.until) return false;
            finish(block, awaited.thread, copy);
            return true;
        });
    };
    std::ranges::for_each(copies.groups, finish_some);
    finish_some(copies.open);
}

void finish_groups(Block& block, std::uint32_t thread, std::size_t keep) {
    if (block.copies.empty()) return;
    auto& groups = block.copies[thread].groups;
    while (groups.size() > keep) {
        for (Copy& copy : groups.front())
            finish(block, thread, copy);
        groups.erase(groups.begin());
    }
}

void finish_all(Block& block, std::uint32_t thread) {
    finish_groups(block, thread, 0);
    if (block.copies.empty()) return;
    for (Copy& copy : block.copies[thread].open)
        finish(block, thread, copy);
    block.copies[thread].open.clear();
}

// Whatever is written to its bytes takes the mark from them.
bool is_whole(const Block& block, std::uint64_t offset) {
    const std::uint8_t* const shadow = block.shared.shadow.data() + offset;
    return std::all_of(shadow, shadow + 8,
                       [](std::uint8_t shade) { return (shade & kMbarrierHere) != 0; });
}

template <class Use>
void for_barriers(Warp& warp, const Op& op, Use use) {
    Block& block = *warp.block;
    if (block.grid.options.checks) check_address_taint(warp, op);
    for_parts(warp, op, 8, [&](const Part& part) {
        for_lanes(part.mask, [&](unsigned i) {
            const bool in_shared = part.region->owner == Owner::Shared;
            const auto found = block.mbarriers.find(part.offsets[i]);
            if (!in_shared || found == block.mbarriers.end()) {
                report_barrier_use(warp, op, i, 5, "uses an mbarrier that nobody initialised");
                return;
            }
            if (block.grid.options.checks && !is_whole(block, part.offsets[i])) {
                report_barrier_use(warp, op, i, 9,
                                   "uses an mbarrier whose bytes were written over");
            }
            if (block.grid.options.checks && !block.shared.trails.empty() &&
                op.work == Work::Atomic) {
                race_write({.block = block,
                            .region = block.shared,
                            .offset = part.offsets[i],
                            .bytes = 8,
                            .thread = warp.thread(i),
                            .site = op.site},
                           nullptr);
            }
            use(i, found->second);
        });
    });
}

void arrive(Warp& warp, const Op& op, unsigned lane, MBarrier& barrier, U32 count) {
    Block& block = *warp.block;
    if (block.grid.options.checks) block.clocks.release(warp.thread(lane), barrier.gathering);
    if (count > barrier.pending) {
        block.grid.findings.add(
            block.event(warp, lane, op, Fault::BarrierDivergence), 6,
            [&](const std::string& here, const std::string&) {
                return fmt::format("{} arrives at an mbarrier more often than it expects", here);
            });
        count = barrier.pending;
    }
    barrier.pending -= count;
    settle_phase(barrier);
    if (barrier.pending == 0 && barrier.transactions < 0) {
        report_barrier_use(warp, op, lane, 12,
                           "ends a phase that more bytes come to than it expects");
    }
}

// What was on its way is there, for those who wait.
template <class One>
void hand_on(std::vector<One>& from, std::vector<One>& to) {
    to.insert(to.end(), from.begin(), from.end());
    from.clear();
}

}  // namespace

void settle_phase(MBarrier& barrier) {
    if (barrier.pending != 0 || barrier.transactions != 0) return;
    barrier.phase++;
    barrier.pending = barrier.expected;
    barrier.last.merge(barrier.gathering);
    barrier.gathering.clear();
    hand_on(barrier.arriving, barrier.arrived);
    hand_on(barrier.bringing, barrier.brought);
}

void report_barrier_use(const Warp& warp, const Op& op, unsigned lane, int kind,
                        std::string_view words) {
    Block& block = *warp.block;
    block.grid.findings.add(block.event(warp, lane, op, Fault::AsyncHazard), kind,
                            [&](const std::string& here, const std::string&) {
                                return fmt::format("{} {}", here, words);
                            });
}

void for_mbarriers(Warp& warp, const Op& op,
                   const std::function<void(unsigned lane, MBarrier& barrier)>& use) {
    for_barriers(warp, op, use);
}

void copy_async(Warp& warp, const Op& op) {
    const Fetched fetched = fetch(warp, op);
    for_parts(warp, op, op.bytes, [&](const Part& part) {
        for_lanes(part.mask, [&](unsigned i) {
            std::memcpy(part.region->data.data() + part.offsets[i], fetched.bytes[i].data(),
                        op.bytes);
        });
    });
}

void copy_async_checked(Warp& warp, const Op& op) {
    check_address_taint(warp, op);
    const Fetched fetched = fetch(warp, op);
    Block& block = *warp.block;
    if (block.copies.empty()) block.copies.resize(block.grid.threads);
    const auto* const taken = row<U32>(warp, op.c);
    for_parts(warp, op, op.bytes, [&](const Part& part) {
        if (part.mask == 0) return;
        Region& region = *part.region;
        count_access(warp, part, op.bytes);
        for_lanes(part.mask, [&](unsigned i) {
            const std::byte* const value = fetched.bytes[i].data();
            const std::uint32_t thread = warp.thread(i);
            const std::uint8_t* const shadow = region.shadow.data() + part.offsets[i];
            if (is_in_flight(shadow, op.bytes)) report_in_flight(warp, op.site, i, part);
            if (!region.trails.empty()) {
                race_write({.block = block,
                            .region = region,
                            .offset = part.offsets[i],
                            .bytes = op.bytes,
                            .thread = thread,
                            .site = op.site},
                           value);
            }
            std::memcpy(region.data.data() + part.offsets[i], value, op.bytes);
            Copies& copies = block.copies[thread];
            copies.open.push_back({.offset = part.offsets[i],
                                   .bytes = op.bytes,
                                   .taken = std::min<std::uint32_t>(taken[i], op.bytes),
                                   .source = fetched.from[i],
                                   .number = copies.begun++,
                                   .site = op.site});
        });
        shade_stored(warp, part, op.bytes, 0, fetched.taint);
        for_lanes(fetched.taint.poison & part.mask & warp.mask,
                  [&](unsigned i) { shade_fetched(part, i, op.bytes, fetched.poisoned[i]); });
        for_lanes(part.mask, [&](unsigned i) {
            for (unsigned b = 0; b < op.bytes; b++)
                region.shadow[part.offsets[i] + b] |= kInFlight;
        });
    });
}

void commit_copies(Warp& warp, const Op&) {
    Block& block = *warp.block;
    if (block.copies.empty()) block.copies.resize(block.grid.threads);
    for_lanes(warp.mask, [&](unsigned i) {
        Copies& copies = block.copies[warp.thread(i)];
        copies.groups.push_back(std::move(copies.open));
        copies.open.clear();
    });
}

void wait_copies(Warp& warp, const Op& op) {
    for_lanes(warp.mask, [&](unsigned i) {
        if (op.imm < 0) {
            finish_all(*warp.block, warp.thread(i));
        } else {
            finish_groups(*warp.block, warp.thread(i), static_cast<std::size_t>(op.imm));
        }
    });
}

void mbarrier_init(Warp& warp, const Op& op) {
    Block& block = *warp.block;
    const auto* const count = row<U32>(warp, op.b);
    if (block.grid.options.checks) {
        check_address_taint(warp, op);
        check_choice(warp, op, op.b);
    }
    for_parts(warp, op, 8, [&](const Part& part) {
        for_lanes(part.mask, [&](unsigned i) {
            if (part.region->owner != Owner::Shared) return;
            if (count[i] == 0 || count[i] > 0xFFFFF) {
                report_barrier_use(warp, op, i, 10,
                                   "expects less than one or over 1048575 at an mbarrier");
            }
            const U32 expected = std::max(1U, count[i] & 0xFFFFF);
            MBarrier& barrier = block.mbarriers[part.offsets[i]];
            barrier = {};
            barrier.expected = barrier.pending = expected;
            if (!block.grid.options.checks) return;
            race_write({.block = block,
                        .region = block.shared,
                        .offset = part.offsets[i],
                        .bytes = 8,
                        .thread = warp.thread(i),
                        .site = op.site},
                       nullptr);
        });
        if (part.mask == 0) return;
        shade_stored(warp, part, 8, 0, {});
        if (part.region->owner != Owner::Shared) return;
        for_lanes(part.mask, [&](unsigned i) {
            for (unsigned b = 0; b < 8; b++)
                part.region->shadow[part.offsets[i] + b] |= kMbarrierHere;
        });
    });
}

void mbarrier_end(Warp& warp, const Op& op) {
    std::vector<std::uint64_t> ended;
    for_parts(warp, op, 8, [&](const Part& part) {
        for_lanes(part.mask, [&](unsigned i) { ended.push_back(part.offsets[i]); });
    });
    for_barriers(warp, op, [](unsigned, const MBarrier&) {});
    for (const std::uint64_t offset : ended)
        warp.block->mbarriers.erase(offset);
}

void mbarrier_arrive(Warp& warp, const Op& op) {
    std::array<U64, kLanes> states{};
    const auto* const count = row<U32>(warp, op.b);
    if (warp.block->grid.options.checks) check_choice(warp, op, op.b);
    for_barriers(warp, op, [&](unsigned i, MBarrier& barrier) {
        states[i] = barrier.phase;
        arrive(warp, op, i, barrier, count[i]);
    });
    store_row(warp, op.d, states.data());
    set_taint(warp, op.d, {});
}

void mbarrier_copies(Warp& warp, const Op& op) {
    Block& block = *warp.block;
    for_barriers(warp, op, [&](unsigned i, MBarrier& barrier) {
        const std::uint32_t thread = warp.thread(i);
        if (!block.copies.empty()) {
            Copies& copies = block.copies[thread];
            for (std::vector<Copy>& group : copies.groups) {
                for (Copy& copy : group)
                    tell(block, thread, copy);
            }
            for (Copy& copy : copies.open)
                tell(block, thread, copy);
            barrier.arriving.push_back({.thread = thread, .until = copies.begun});
        }
        // Without .noinc the arrival is one that nobody counted on: it is added and taken at once.
        if (op.elements != kNoIncrement) barrier.pending++;
        arrive(warp, op, i, barrier, 1);
    });
}

void mbarrier_test(Warp& warp, const Op& op) {
    U32 passed = 0;
    const auto* const states = row<U64>(warp, op.b);
    const auto* const parities = row<U32>(warp, op.b);
    for_barriers(warp, op, [&](unsigned i, MBarrier& barrier) {
        const bool done = op.elements == kByParity ? (barrier.phase & 1) != (parities[i] & 1)
                                                   : barrier.phase > states[i];
        if (!done) return;
        passed |= 1U << i;
        for (const Awaited& awaited : barrier.arrived)
            finish_until(*warp.block, awaited);
        barrier.arrived.clear();
        for (BulkCopy& copy : barrier.brought)
            finish_bulk(*warp.block, copy);
        barrier.brought.clear();
        if (warp.block->grid.options.checks)
            warp.block->clocks.acquire(warp.thread(i), barrier.last);
    });
    if ((passed & warp.mask) != warp.mask) warp.yielded = true;
    // What is asked for may be in doubt, and so is the answer then.
    const Taint doubt = taint_of(warp, op.b);
    set_predicate(warp, op.d, passed);
    set_taint(warp, op.d, doubt);
}

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// What lanes do together, and the small handlers of control. The scheduler calls a collective once
// for all lanes that name the same mask, when those are there.
#include <algorithm>

#include "emulator/decoder.hpp"
#include "emulator/integers.hpp"
#include "emulator/poison.hpp"

namespace cupel::emulator {
namespace {

enum class Shuffle : std::uint8_t { Up, Down, Butterfly, Index };

// The lane to read from; `valid` is the predicate of shfl.
template <Shuffle Mode>
unsigned from_lane(unsigned lane, U32 b, U32 c, bool& valid) {
    const U32 segment = (c >> 8) & 0x1F;
    const U32 clamp = c & 0x1F;
    const U32 most = (lane & segment) | (clamp & ~segment);
    const U32 least = lane & segment;
    b &= 0x1F;
    U32 j = 0;
    if constexpr (Mode == Shuffle::Up) {
        j = lane - b;
        valid = static_cast<S32>(j) >= static_cast<S32>(most);
    } else if constexpr (Mode == Shuffle::Down) {
        j = lane + b;
        valid = j <= most;
    } else if constexpr (Mode == Shuffle::Butterfly) {
        j = lane ^ b;
        valid = j <= most;
    } else {
        j = least | (b & ~segment);
        valid = j <= most;
    }
    if (!valid) j = lane;
    return j % kLanes;
}

// Of every lane or of none: which lanes take part together is one question to all of them.
Taint doubt_of_mask(const Warp& warp, const Op& op) {
    const Taint mask = taint_of(warp, op.e);
    return {.poison = (mask.poison & warp.mask) != 0 ? kAllLanes : 0,
            .environment = (mask.environment & warp.mask) != 0 ? kAllLanes : 0};
}

// From which lane each takes a value.
Taint doubt_of_choice(const Warp& warp, const Op& op) {
    const Taint b = taint_of(warp, op.b);
    const Taint c = taint_of(warp, op.c);
    const Taint mask = doubt_of_mask(warp, op);
    return {.poison = b.poison | c.poison | mask.poison,
            .environment = b.environment | c.environment | mask.environment};
}

// What was poison in part where it came from is so here; 0 for lanes that are wholly so, or not.
void narrow_all(Warp& warp, std::uint32_t row_offset, const PoisonedBytes& parts) {
    if (!warp.parts) return;
    for_lanes(taint_of(warp, row_offset).poison & warp.mask, [&](unsigned i) {
        if (parts[i] != 0) narrow_poison(warp, row_offset, i, parts[i], 8);
    });
}

template <Shuffle Mode, bool Checked>
void shuffle(Warp& warp, const Op& op) {
    std::array<U32, kLanes> values;
    load_row(warp, op.a, values.data());
    std::array<U32, kLanes> result = values;
    const auto* const b = row<U32>(warp, op.b);
    const auto* const c = row<U32>(warp, op.c);
    U32 valid_lanes = 0;
    // NOLINTNEXTLINE(misc-const-correctness): some instances change it
    Taint taint;
    const Taint from = Checked ? taint_of(warp, op.a) : Taint{};
    const Taint by = Checked ? doubt_of_choice(warp, op) : Taint{};
    // NOLINTNEXTLINE(misc-const-correctness): some instances change it
    PoisonedBytes parts{};
    for_lanes(warp.mask, [&](unsigned i) {
        bool valid = false;
        const unsigned j = from_lane<Mode>(i, b[i], c[i], valid);
        result[i] = values[j];
        valid_lanes |= U32{valid} << i;
        if constexpr (Checked) {
            // A lane that takes no part has nothing to give.
            const bool there = ((warp.mask >> j) & 1) != 0;
            taint.poison |= (there ? ((from.poison >> j) | (by.poison >> i)) & 1 : 1U) << i;
            taint.environment |= (((from.environment >> j) | (by.environment >> i)) & 1) << i;
            if (warp.parts && there && ((by.poison >> i) & 1) == 0)
                parts[i] = poisoned_bytes(warp, op.a, j);
        }
    });
    store_row(warp, op.d, result.data());
    set_predicate(warp, op.d2, valid_lanes);
    if constexpr (Checked) {
        set_taint(warp, op.d, taint);
        set_taint(warp, op.d2, by);
        narrow_all(warp, op.d, parts);
    }
}

void vote_all(Warp& warp, const Op& op) {
    const U32 p = (predicate(warp, op.a) ^ op.target) & warp.mask;
    set_predicate(warp, op.d, p == warp.mask ? kAllLanes : 0);
}
void vote_any(Warp& warp, const Op& op) {
    const U32 p = (predicate(warp, op.a) ^ op.target) & warp.mask;
    set_predicate(warp, op.d, p != 0 ? kAllLanes : 0);
}
void vote_uniform(Warp& warp, const Op& op) {
    const U32 p = (predicate(warp, op.a) ^ op.target) & warp.mask;
    set_predicate(warp, op.d, p == 0 || p == warp.mask ? kAllLanes : 0);
}
void store_same(Warp& warp, std::uint32_t to, U32 value) {
    std::array<U32, kLanes> values;
    values.fill(value);
    store_row(warp, to, values.data());
}
void vote_ballot(Warp& warp, const Op& op) {
    store_same(warp, op.d, (predicate(warp, op.a) ^ op.target) & warp.mask);
}

template <class T, bool All>
void match_lanes(Warp& warp, const Op& op) {
    const auto* const a = row<T>(warp, op.a);
    std::array<U32, kLanes> result{};
    U32 everywhere = 0;
    for_lanes(warp.mask, [&](unsigned i) {
        U32 same = 0;
        for_lanes(warp.mask, [&](unsigned j) { same |= U32{a[i] == a[j]} << j; });
        if (All && same != warp.mask) same = 0;
        everywhere |= U32{same == warp.mask} << i;
        result[i] = same;
    });
    store_row(warp, op.d, result.data());
    set_predicate(warp, op.d2, everywhere);
}

template <auto F, class T>
void reduce_lanes(Warp& warp, const Op& op) {
    const auto* const a = row<T>(warp, op.a);
    auto left = warp.mask;
    T total = a[static_cast<unsigned>(std::countr_zero(left))];
    for_lanes(left & (left - 1), [&](unsigned i) { total = F(total, a[i]); });
    store_same(warp, op.d, static_cast<U32>(total));
}

}  // namespace

Pair shuffle_handler(std::string_view mode) {
    if (mode == "up") return {&shuffle<Shuffle::Up, false>, &shuffle<Shuffle::Up, true>};
    if (mode == "down") return {&shuffle<Shuffle::Down, false>, &shuffle<Shuffle::Down, true>};
    if (mode == "bfly")
        return {&shuffle<Shuffle::Butterfly, false>, &shuffle<Shuffle::Butterfly, true>};
    return {&shuffle<Shuffle::Index, false>, &shuffle<Shuffle::Index, true>};
}

Handler vote_handler(std::string_view mode) {
    if (mode == "all") return &vote_all;
    if (mode == "any") return &vote_any;
    return mode == "uni" ? &vote_uniform : &vote_ballot;
}

Handler match_handler(std::string_view mode, unsigned bytes) {
    if (mode == "any") return bytes == 4 ? &match_lanes<U32, false> : &match_lanes<U64, false>;
    return bytes == 4 ? &match_lanes<U32, true> : &match_lanes<U64, true>;
}

Handler reduce_handler(std::string_view operation) {
    if (operation == "add.u32" || operation == "add.s32") {
        return &reduce_lanes<[](U32 a, U32 b) { return a + b; }, U32>;
    }
    if (operation == "min.u32")
        return &reduce_lanes<[](U32 a, U32 b) { return std::min(a, b); }, U32>;
    if (operation == "max.u32")
        return &reduce_lanes<[](U32 a, U32 b) { return std::max(a, b); }, U32>;
    if (operation == "min.s32")
        return &reduce_lanes<[](S32 a, S32 b) { return std::min(a, b); }, S32>;
    if (operation == "max.s32")
        return &reduce_lanes<[](S32 a, S32 b) { return std::max(a, b); }, S32>;
    if (operation == "and.b32") return &reduce_lanes<[](U32 a, U32 b) { return a & b; }, U32>;
    if (operation == "or.b32") return &reduce_lanes<[](U32 a, U32 b) { return a | b; }, U32>;
    if (operation == "xor.b32") return &reduce_lanes<[](U32 a, U32 b) { return a ^ b; }, U32>;
    return nullptr;
}

// Every lane's result depends on every lane's operand.
void vote_checked(Warp& warp, const Op& op) {
    const Taint a = taint_of(warp, op.a);
    const Taint mask = doubt_of_mask(warp, op);
    op.inner(warp, op);
    const Taint all{.poison = (a.poison & warp.mask) != 0 ? kAllLanes : mask.poison,
                    .environment = (a.environment & warp.mask) != 0 ? kAllLanes : mask.environment};
    set_taint(warp, op.d, all);
    set_taint(warp, op.d2, all);
}

// The doubt of what was selected, and of the choice.
void select_checked(Warp& warp, const Op& op) {
    const Taint a = taint_of(warp, op.a);
    const Taint b = taint_of(warp, op.b);
    const Taint c = taint_of(warp, op.c);
    std::uint32_t first = 0;  // lanes that take a
    PoisonedBytes parts{};
    if (op.flags == 1) {  // selp
        first = predicate(warp, op.c) ^ static_cast<U32>(op.imm);
    } else {
        const auto* const sign = row<S32>(warp, op.c);
        for (unsigned i = 0; i < kLanes; i++)
            first |= U32{sign[i] >= 0} << i;
    }
    if (warp.parts) {
        for_lanes(warp.mask & ~c.poison, [&](unsigned i) {
            parts[i] = poisoned_bytes(warp, ((first >> i) & 1U) != 0 ? op.a : op.b, i);
        });
    }
    op.inner(warp, op);
    set_taint(warp, op.d,
              {.poison = (a.poison & first) | (b.poison & ~first) | c.poison,
               .environment = (a.environment & first) | (b.environment & ~first) | c.environment});
    narrow_all(warp, op.d, parts);
}

void read_clock(Warp& warp, const Op& op) {
    const std::uint64_t now =
        warp.block->grid.executed + 1'000'003 * (warp.block->grid.options.seed + 1);
    if (op.bytes == 8) {
        std::array<U64, kLanes> values;
        values.fill(now);
        store_row(warp, op.d, values.data());
    } else {
        store_same(warp, op.d, static_cast<U32>(op.imm == 1 ? now >> 32 : now));
    }
    if (warp.block->grid.options.checks)
        set_taint(warp, op.d, {.poison = 0, .environment = kAllLanes});
}

void run_nothing(Warp&, const Op&) {}

void warp_barrier(Warp&, const Op&) {}

void warp_barrier_checked(Warp& warp, const Op& op) {
    const auto first = static_cast<unsigned>(std::countr_zero(warp.mask));
    const std::uint32_t wanted = row<U32>(warp, op.e)[first];
    warp.block->clocks.warp_barrier(warp.index, warp.mask & wanted, warp.alive);
}

void fence_checked(Warp& warp, const Op& op) {
    for_lanes(warp.mask, [&](unsigned i) {
        warp.block->clocks.fence(warp.thread(i), op.imm == 0 ? Scope::Block : Scope::Device);
    });
    if (op.imm != 0) warp.block->forget_lines();
}

void read_active_mask(Warp& warp, const Op& op) {
    store_same(warp, op.d, warp.mask);
}

}  // namespace cupel::emulator

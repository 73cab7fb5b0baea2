// SPDX-License-Identifier: Apache-2.0
// Loads, stores and atomics: from addresses to bytes, and on the way everything that is checked of
// them.
#pragma once

#include <algorithm>

#include "emulator/block.hpp"

namespace cupel::emulator {

// Op::flags of memory instructions.
constexpr std::uint8_t kStrong =
    1;  // volatile, relaxed or stronger: no tearing, no race among such
constexpr std::uint8_t kAcquire = 2;
constexpr std::uint8_t kRelease = 4;
constexpr std::uint8_t kBlockScope = 8;      // .cta; else wider
constexpr std::uint8_t kNarrowAddress = 16;  // the row of addresses is of 32 bits
constexpr std::uint8_t kSignExtends = 32;

// The lanes of one access that lie in one region, within bounds.
struct Part {
    enum class Pattern : std::uint8_t {
        Scattered,
        Uniform,      // all lanes at one place
        Consecutive,  // all 32 lanes, one behind the other
    };
    Region* region = nullptr;
    std::uint32_t mask = 0;
    std::uint32_t bad = 0;  // lanes that were told of in a finding, and may touch nothing
    Pattern pattern = Pattern::Scattered;
    std::uint32_t leaders = 0;  // lanes that are not at the place of the lane before them
    // Of lanes outside of the mask: the same as that of one inside.
    alignas(64) std::array<std::uint32_t, kLanes> offsets;
};

using Addresses = std::array<std::uint64_t, kLanes>;

// The part of `rest` in the region of its first lane, with findings of what is out of bounds.
// bytes: of the whole access of one lane.
void locate(const Warp& warp, const Op& op, unsigned bytes, std::uint32_t rest, Part& part);

// The same for the common case: all lanes in one region, within bounds and aligned. False where
// that is not so. Inline, so that its loops become vectors of whatever machine the caller is for.
[[gnu::always_inline]] inline bool locate_all(const Warp& warp, const Op& op, unsigned bytes,
                                              Part& part) {
    const auto first = static_cast<unsigned>(std::countr_zero(warp.mask));
    std::uint32_t beyond = 0;  // bits of offsets above the 32 that are kept
    std::uint32_t lane_mask = warp.mask;
    if ((op.flags & kNarrowAddress) != 0) {
        if (op.space != Space::Shared) return false;
        part.region = &warp.block->shared;
        const auto* const a = static_cast<const Aliased<std::uint32_t>*>(
            __builtin_assume_aligned(warp.rows + op.a, kUnit));
        const auto delta =
            static_cast<std::uint32_t>(static_cast<std::uint64_t>(op.imm) - kFirstAddress);
        for (unsigned i = 0; i < kLanes; i++)
            part.offsets[i] = a[i] + delta;
    } else {
        const auto* const a = static_cast<const Aliased<std::uint64_t>*>(
            __builtin_assume_aligned(warp.rows + op.a, kUnit));
        const std::uint64_t address = a[first] + static_cast<std::uint64_t>(op.imm);
        std::uint64_t base = kFirstAddress;
        if (op.space == Space::Shared) {
            part.region = &warp.block->shared;
        } else if (op.space == Space::Local || address < kSharedWindow) {
            return false;
        } else if (op.space == Space::Generic && address < kGlobalWindow) {
            if (address >= kLocalWindow) return false;
            part.region = &warp.block->shared;
            base += kSharedWindow;
        } else {
            part.region = warp.block->grid.memory.find(address, warp.block->grid.last_found);
            if (part.region == nullptr) return false;
            base = part.region->base;
        }
        const std::uint64_t delta = static_cast<std::uint64_t>(op.imm) - base;
        for (unsigned i = 0; i < kLanes; i++) {
            const std::uint64_t offset = a[i] + delta;
            part.offsets[i] = static_cast<std::uint32_t>(offset);
            beyond |= ((lane_mask >> i) & 1) != 0 ? static_cast<std::uint32_t>(offset >> 32) : 0U;
        }
    }
    const std::uint32_t start = part.offsets[first];
    if (lane_mask != kAllLanes) {
        for (unsigned i = 0; i < kLanes; i++)
            part.offsets[i] = ((lane_mask >> i) & 1) != 0 ? part.offsets[i] : start;
    }
    std::uint32_t most = 0;
    std::uint32_t low = 0;
    std::uint32_t scattered = 0;
    std::uint32_t different = 0;
    for (unsigned i = 0; i < kLanes; i++) {
        const std::uint32_t offset = part.offsets[i];
        most = std::max(most, offset);
        low |= offset;
        different |= offset ^ start;
        scattered |= offset ^ (start + i * bytes);
    }
    const std::uint64_t size = part.region->bytes;
    if (beyond != 0 || std::uint64_t{most} + bytes > size || (low & (bytes - 1)) != 0) return false;
    part.mask = lane_mask;
    part.bad = 0;
    part.pattern = different == 0                             ? Part::Pattern::Uniform
                   : scattered == 0 && lane_mask == kAllLanes ? Part::Pattern::Consecutive
                                                              : Part::Pattern::Scattered;
    return true;
}

// Lanes at one place need to be looked at once: those of a broadcast, mostly.
[[gnu::always_inline]] inline void find_leaders(Part& part) {
    part.leaders = part.mask;
    if (part.mask != kAllLanes) return;
    std::uint32_t leaders = 1;
    for (unsigned i = 1; i < kLanes; i++)
        leaders |= std::uint32_t{part.offsets[i] != part.offsets[i - 1]} << i;
    part.leaders = leaders;
}

// split.cpp: while blocks run side by side, is what the part touches this block's? If not, the
// launch has to be made again, and nothing may be touched.
[[nodiscard]] bool claim(const Warp& warp, const Op& op, const Part& part, unsigned bytes);
[[gnu::always_inline]] inline bool may_touch(const Warp& warp, const Op& op, const Part& part,
                                             unsigned bytes) {
    return part.region == nullptr || part.region->owners.empty() || claim(warp, op, part, bytes);
}

// Calls use(part) for all parts of an access, which together are the lanes of the warp's mask.
template <class Use>
[[gnu::always_inline]] inline void for_parts(const Warp& warp, const Op& op, unsigned bytes,
                                             Use use) {
    Part part;
    if (locate_all(warp, op, bytes, part)) {
        if (may_touch(warp, op, part, bytes)) use(part);
        return;
    }
    for (std::uint32_t rest = warp.mask; rest != 0;) {
        locate(warp, op, bytes, rest, part);
        rest &= ~(part.mask | part.bad);
        if (may_touch(warp, op, part, bytes)) use(part);
    }
}

// The checks of a part: races, shadows, coverage, counters. The taint is that of what was read.
[[nodiscard]] Taint check_load(const Warp& warp, const Op& op, const Part& part, unsigned bytes);
// Is the region one that may be written? If not, there is a finding.
[[nodiscard]] bool may_write(const Warp& warp, const Op& op, const Part& part);
void report_in_flight(const Warp& warp, const Op& op, unsigned lane, const Part& part);
void check_address_taint(const Warp& warp, const Op& op);
void count_access(const Warp& warp, const Op& op, const Part& part, unsigned bytes);
void shade_stored(const Warp& warp, const Part& part, unsigned bytes, unsigned at, Taint taint);

// By bytes of the element in memory, its sign, and bytes of the register; null where there is none.
struct Pair {
    Handler run = nullptr;
    Handler checked = nullptr;
};
[[nodiscard]] Pair load_handler(unsigned memory_bytes, bool sign, unsigned register_bytes);
[[nodiscard]] Pair store_handler(unsigned memory_bytes, unsigned register_bytes);
// "add.u32": the operation and type of an atomic; null where it is not known.
[[nodiscard]] Pair atomic_handler(std::string_view operation);

// Strong accesses carry knowledge through their location; see Clocks.
void synchronise_load(const Warp& warp, const Op& op, const Part& part);
void synchronise_store(const Warp& warp, const Op& op, const Part& part, bool replaces);

}  // namespace cupel::emulator

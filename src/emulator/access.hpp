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
constexpr std::uint8_t kConstant = 64;  // through a cache that no write of the launch reaches

// The lanes of one access that lie in one region, within bounds.
struct Part {
    Region* region = nullptr;
    std::uint32_t mask = 0;
    std::uint32_t bad = 0;  // lanes that were told of in a finding, and may touch nothing
    Pattern pattern = Pattern::Scattered;
    std::uint32_t leaders = 0;  // lanes that are not at the place of the lane before them
    Shape* shape = nullptr;     // null: nothing is known of how the lanes lie
    // Of lanes outside of the mask: the same as that of one inside.
    alignas(64) std::array<std::uint32_t, kLanes> offsets;

    // Of the first lane that takes part.
    [[nodiscard]] std::uint32_t start() const {
        return offsets[static_cast<unsigned>(std::countr_zero(mask))];
    }
    // Are the bytes touched known as a few pieces?
    [[nodiscard]] bool has_runs() const { return shape != nullptr && shape->run_count != 0; }
};

using Addresses = std::array<std::uint64_t, kLanes>;

// The part of `rest` in the region of its first lane, with findings of what is out of bounds.
// bytes: of the whole access of one lane.
void locate(const Warp& warp, const Op& op, unsigned bytes, std::uint32_t rest, Part& part);

// The same for the common case: all lanes in one region, within bounds and aligned. False where
// that is not so.
[[nodiscard]] bool locate_all(const Warp& warp, const Op& op, unsigned bytes, Part& part);

// Where the first lane is: the region, and the offset in it. False where there is none, or the
// memory is local.
[[gnu::always_inline]] inline bool place_first(const Warp& warp, const Op& op, Part& part,
                                               std::uint64_t& start) {
    const auto first = static_cast<unsigned>(std::countr_zero(warp.mask));
    const auto offset = static_cast<std::uint64_t>(op.imm);
    if ((op.flags & kNarrowAddress) != 0) {
        part.region = &warp.block->shared;
        start = row<std::uint32_t>(warp, op.a)[first] +
                static_cast<std::uint32_t>(offset - kFirstAddress);
        start = static_cast<std::uint32_t>(start);
        return op.space == Space::Shared;
    }
    const std::uint64_t address = row<std::uint64_t>(warp, op.a)[first] + offset;
    part.region = &warp.block->shared;
    start = address - kFirstAddress;
    if (op.space == Space::Shared) return true;
    if (op.space == Space::Local || address < kSharedWindow) return false;
    if (op.space == Space::Generic && address < kGlobalWindow) {
        start -= kSharedWindow;
        return address < kLocalWindow;
    }
    part.region = warp.block->grid.memory.find(address, warp.block->grid.last_found);
    if (part.region == nullptr) return false;
    start = address - part.region->base;
    return true;
}

// Is each lane at a multiple of so many bytes, whatever it reads of them? If not, there is a
// finding.
void check_vector(Warp& warp, const Op& op);  // of op.bytes
void check_alignment(const Warp& warp, const Op& op, std::uint32_t lanes, unsigned bytes);

// Do all lanes lie to the first one as they did before? Inline, so that its loops become vectors of
// whatever machine the caller is for.
template <class Address>
[[gnu::always_inline]] inline bool lie_as_known(const Warp& warp, const Op& op,
                                                const Shape& shape) {
    const auto* const a =
        static_cast<const Aliased<Address>*>(__builtin_assume_aligned(warp.rows + op.a, kUnit));
    const Address first = a[static_cast<unsigned>(std::countr_zero(warp.mask))];
    const auto difference = [&](unsigned i) {
        const auto offset = static_cast<std::make_signed_t<Address>>(shape.offsets[i]);
        return (a[i] - static_cast<Address>(offset)) ^ first;
    };
    Address different = 0;
    if (warp.mask == kAllLanes) {
        for (unsigned i = 0; i < kLanes; i++)
            different |= difference(i);
    } else {
        for (unsigned i = 0; i < kLanes; i++)
            different |= ((warp.mask >> i) & 1) != 0 ? difference(i) : Address{0};
    }
    return different == 0;
}

// The same by what is known of the operation's shape.
[[gnu::always_inline]] inline bool locate_known(const Warp& warp, const Op& op, unsigned bytes,
                                                Part& part) {
    KnownShape& known = warp.block->grid.known_shape(op);
    if (known.shape == nullptr) return false;
    Shape& shape = *known.shape;
    if (shape.lanes != warp.mask || shape.bytes != bytes) return false;
    std::uint64_t start = 0;
    if (!place_first(warp, op, part, start)) return false;
    const bool same = (op.flags & kNarrowAddress) != 0
                          ? lie_as_known<std::uint32_t>(warp, op, shape)
                          : lie_as_known<std::uint64_t>(warp, op, shape);
    const std::uint64_t size = part.region->bytes;
    if (!same || start >= size) return false;
    const auto at = static_cast<std::int64_t>(start);
    if (at + shape.low < 0 || at + shape.high + bytes > static_cast<std::int64_t>(size)) {
        return false;
    }
    if ((start & (bytes - 1)) != 0 || (bytes < 4 && (start & 3) != shape.phase)) return false;
    for (unsigned i = 0; i < kLanes; i++) {
        part.offsets[i] =
            static_cast<std::uint32_t>(start) + static_cast<std::uint32_t>(shape.offsets[i]);
    }
    part.mask = warp.mask;
    part.pattern = shape.pattern;
    part.shape = &shape;
    known.misses = 0;
    return true;
}

// Lanes at one place need to be looked at once: those of a broadcast, mostly.
[[gnu::always_inline]] inline void find_leaders(Part& part) {
    part.leaders = part.shape != nullptr ? part.shape->leaders : part.mask;
    if (part.shape != nullptr || part.mask != kAllLanes) return;
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
    if (locate_known(warp, op, bytes, part) || locate_all(warp, op, bytes, part)) {
        if (may_touch(warp, op, part, bytes)) use(part);
        return;
    }
    part.shape = nullptr;
    for (std::uint32_t rest = warp.mask; rest != 0;) {
        locate(warp, op, bytes, rest, part);
        rest &= ~(part.mask | part.bad);
        if (may_touch(warp, op, part, bytes)) use(part);
    }
}

// A tile in shared memory is read by many warps again and again between two
// barriers. Once two of them have read a word, and it is known to hold no
// doubt, whoever else reads it changes nothing: who writes to it meets one of
// the two, and unsettles it.
[[gnu::always_inline]] inline bool is_settled(const Part& part, unsigned bytes,
                                              std::uint32_t epoch) {
    const Region& region = *part.region;
    if (region.settled.empty()) return false;
    const std::uint32_t* const settled = region.settled.data();
    const unsigned shift = region.grain == 4 ? 2 : region.grain == 2 ? 1 : 0;
    std::uint32_t different = 0;
    if (part.has_runs()) {
        const std::uint32_t start = part.start();
        for (std::uint32_t r = 0; r < part.shape->run_count; r++) {
            const Run& run = part.shape->runs[r];
            const std::uint32_t* const words =
                settled + ((start + static_cast<std::uint32_t>(run.from)) >> shift);
            const std::uint32_t count = run.bytes >> shift;
            for (std::uint32_t w = 0; w < count; w++)
                different |= words[w] ^ epoch;
        }
        return different == 0;
    }
    const unsigned count = std::max(1U, bytes >> shift);
    for (unsigned i = 0; i < kLanes; i++) {
        const std::uint32_t word = part.offsets[i] >> shift;
        for (unsigned w = 0; w < count; w++)
            different |= settled[word + w] ^ epoch;
    }
    return different == 0;
}

// The checks of a part: races, shadows, coverage. The taint is that of what was read.
[[nodiscard]] Taint check_unsettled(const Warp& warp, const Part& part, std::uint32_t site,
                                    unsigned bytes);
[[gnu::always_inline]] inline Taint check_load(const Warp& warp, const Op& op, const Part& part,
                                               unsigned bytes) {
    if (is_settled(part, bytes, warp.block->clocks.epoch())) return {};
    return check_unsettled(warp, part, op.site, bytes);
}
// Of a region that may be written: told of at the end of the launch, where somebody does.
void mark_constant(Region& region, const Part& part, std::uint32_t site, unsigned bytes);
// Is the region one that may be written? If not, there is a finding.
[[nodiscard]] bool may_write(const Warp& warp, const Op& op, const Part& part);
// Of the bytes from `at` on of what each lane touches.
[[nodiscard]] Taint taint_in_memory(const Part& part, unsigned at, unsigned bytes);
// Of one lane, which of up to eight bytes: a bit for each.
[[nodiscard]] std::uint8_t poison_in_memory(const Part& part, unsigned lane, unsigned at,
                                            unsigned bytes);
// After shade_stored: all but those are none.
void clear_poison(const Part& part, unsigned lane, unsigned at, unsigned bytes,
                  std::uint8_t poisoned);
[[nodiscard]] bool is_in_flight(const std::uint8_t* shadow, unsigned bytes);
void report_in_flight(const Warp& warp, std::uint32_t site, unsigned lane, const Part& part);
void report_address_taint(const Warp& warp, const Op& op, const Taint& taint);
[[gnu::always_inline]] inline void check_address_taint(const Warp& warp, const Op& op) {
    const Taint& taint = taint_of(warp, op.a);
    if (((taint.poison | taint.environment) & warp.mask) != 0)
        report_address_taint(warp, op, taint);
}
// Of an operand that says who waits for whom.
void check_choice(const Warp& warp, const Op& op, std::uint32_t row_offset);
// The same of how much; `what` it is, in words.
void check_amount(const Warp& warp, const Op& op, std::uint32_t row_offset, std::string_view what);
void count_shapeless(const Warp& warp, const Part& part, unsigned bytes);
[[gnu::always_inline]] inline void count_access(const Warp& warp, const Part& part,
                                                unsigned bytes) {
    const std::size_t which{part.leaders != 0};
    const std::uint32_t wavefronts = part.shape != nullptr ? part.shape->wavefronts[which] : 0;
    if (wavefronts == 0 || part.region->owner != Owner::Shared) {
        count_shapeless(warp, part, bytes);
        return;
    }
    Tally& tally = warp.block->grid.tally;
    tally.shared_requests++;
    tally.shared_wavefronts += wavefronts;
    tally.shared_conflicts += part.shape->conflicts[which];
}
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
void observe_strong(const Warp& warp, const Op& op, const Part& part);
[[gnu::always_inline]] inline void synchronise_load(const Warp& warp, const Op& op,
                                                    const Part& part) {
    if ((op.flags & kStrong) != 0) observe_strong(warp, op, part);
}
void synchronise_store(const Warp& warp, const Op& op, const Part& part, bool replaces);

}  // namespace cupel::emulator

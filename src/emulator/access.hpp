// SPDX-License-Identifier: Apache-2.0
// Loads, stores and atomics: from addresses to bytes, and on the way everything that is checked of
// them.
#pragma once

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
    Region* region = nullptr;
    std::uint32_t mask = 0;
    std::uint32_t bad = 0;     // lanes that were told of in a finding, and may touch nothing
    bool consecutive = false;  // all 32 lanes, one behind the other
    std::array<std::uint64_t, kLanes> offsets;
};

using Addresses = std::array<std::uint64_t, kLanes>;

[[nodiscard]] Addresses addresses_of(const Warp& warp, const Op& op);
// The part of `rest` in the region of its first lane. bytes: of the whole access of one lane.
void locate(const Warp& warp, const Op& op, const Addresses& addresses, unsigned bytes,
            std::uint32_t rest, Part& part);

// The checks of a part: races, shadows, coverage, counters. The taint is that of what was read.
[[nodiscard]] Taint check_load(const Warp& warp, const Op& op, const Part& part, unsigned bytes);
// Before anything is stored: is the region writable? If not, the part's mask becomes empty.
void check_writable(const Warp& warp, const Op& op, Part& part);
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

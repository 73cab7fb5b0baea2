// SPDX-License-Identifier: Apache-2.0
// How the lanes of a memory instruction lie to each other. It is mostly the same each time, at
// another place, so what follows from it alone is found out once: is it one piece of memory, which
// lanes meet, how often are the banks asked.
#pragma once

#include "emulator/op.hpp"

namespace cupel::emulator {

enum class Pattern : std::uint8_t {
    Scattered,
    Uniform,      // all lanes at one place
    Consecutive,  // all 32 lanes, one behind the other
};

// A piece of memory without a gap; `from` counts from the place of the first lane.
struct Run {
    std::int32_t from = 0;
    std::uint32_t bytes = 0;
};

// What races are told by: some bytes, and which lanes touch them.
struct SharedWord {
    std::int32_t from = 0;  // words, from that of the first lane
    std::uint32_t lanes = 0;
    std::uint32_t first = 0;  // of these, the first and those right behind it
};

constexpr unsigned kMostRuns = 8;
constexpr unsigned kOctet = 8;  // lanes that are moved at once, where they lie well

struct alignas(64) Shape {
    std::uint32_t lanes = 0;  // that take part; none: nothing is known
    std::uint32_t bytes = 0;  // of the whole access of one lane
    std::int32_t low = 0;     // of the offsets
    std::int32_t high = 0;
    std::uint32_t phase =
        0;  // where narrow accesses begin in a word of 4 bytes: banks depend on it
    std::uint32_t misses = 0;  // since the shape was last met
    std::uint32_t leaders = 0;
    std::uint32_t wavefronts = 0;  // 0: not yet asked for
    Pattern pattern = Pattern::Scattered;
    bool apart = false;   // no two lanes touch the same byte
    bool smooth = false;  // no octet is scattered
    std::array<Pattern, kLanes / kOctet> octets{};
    std::uint32_t run_count = 0;             // 0: more than are kept
    std::array<Run, kMostRuns> runs{};       // rising, with gaps between them
    std::uint32_t grain = 0;                 // bytes of a word
    std::uint32_t word_count = 0;            // 0: more than one for a lane
    std::array<SharedWord, kLanes> words{};  // by their first lanes
    // From the first lane that takes part; 0 for those that do not.
    alignas(64) std::array<std::int32_t, kLanes> offsets{};
};

// Lanes of an access at `offsets`, where those that take no part are at the place of the first.
void learn(Shape& shape, const std::uint32_t* offsets, std::uint32_t lanes, unsigned bytes,
           unsigned grain);

// A shape that was not met is kept for a while, and then looked for ever more rarely: addresses
// that follow from data have none.
[[nodiscard]] inline bool is_worth_learning(Shape& shape) {
    const std::uint32_t misses = shape.misses++;
    return misses < 4 || (misses & 63) == 0;
}

}  // namespace cupel::emulator

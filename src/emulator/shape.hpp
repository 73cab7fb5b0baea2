// SPDX-License-Identifier: Apache-2.0
// How the lanes of a memory instruction lie to each other. It is mostly the same each time, at
// another place, so what follows from it alone is found out once: is it one piece of memory, which
// lanes meet, how often are the banks asked.
#pragma once

#include <deque>

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
    std::uint32_t leaders = 0;
    // By whether the leaders are known: loads look for them. 0: not yet asked for.
    std::array<std::uint32_t, 2> wavefronts{};
    std::array<std::uint32_t, 2> conflicts{};  // of them, those that another layout would spare
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

// Of one access of an instruction.
struct KnownShape {
    Shape* shape = nullptr;    // null: none
    std::uint32_t misses = 0;  // since it was last met
};

struct LaneAccess {
    std::uint32_t lanes = 0;
    unsigned bytes = 0;  // of one lane
    unsigned grain = 4;  // of the memory
};

// The shapes of a launch. Instructions of an unrolled loop share theirs, so that those in use stay
// in the nearest cache.
class Shapes {
public:
    explicit Shapes(std::size_t accesses = 0) : known_(accesses) {}

    [[nodiscard]] KnownShape& of(std::size_t access) { return known_[access]; }
    // Lanes of an access at `offsets`, where those that take no part are at the place of the first.
    // Null where the shape is not worth the while: it is looked for ever more rarely where it was
    // not met again, as that of addresses that follow from data.
    Shape* learn(KnownShape& known, const std::uint32_t* offsets, const LaneAccess& access);

private:
    Shape* find(const Shape& wanted);

    std::vector<KnownShape> known_;
    std::deque<Shape> all_;
};

}  // namespace cupel::emulator

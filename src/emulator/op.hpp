// SPDX-License-Identifier: Apache-2.0
// What a decoded instruction is: a handler and the places of its operands. All 32 lanes of a warp
// execute at once over rows: a register is a row of 32 values. Immediates, parameters and special
// registers are rows too, filled before the warp starts, so every operand is "the row at offset".
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "emulator/module.hpp"

namespace cupel::emulator {

constexpr unsigned kLanes = 32;
constexpr std::uint32_t kAllLanes = ~std::uint32_t{0};

// Rows are counted in units of a cache line: 16-bit rows take one, 32-bit rows two, 64-bit rows
// four. A predicate is the first word of its unit, a bit for each lane.
constexpr std::uint32_t kUnit = 64;
constexpr std::uint32_t kZeroRow = 0;     // four units of zeros
constexpr std::uint32_t kTrueRow = 256;   // a predicate that holds for every lane
constexpr std::uint32_t kTrashRow = 320;  // where results go that nobody wants, four units
constexpr std::uint32_t kFirstRow = 576;

struct Warp;
struct Op;
using Handler = void (*)(Warp&, const Op&);

// What the scheduler has to do about an instruction, besides calling its handler.
enum class Flow : std::uint8_t {
    Plain,     // nothing
    Branch,    // go to `target`
    Exit,      // these lanes are done
    Barrier,   // bar and barrier: `imm` tells which kind
    Converge,  // waits for the lanes of a mask, then runs the handler for all of them
    Yield,     // nanosleep: let another warp go on
    Trap,      // the kernel gives up: trap, __assertfail
    Part,      // activemask: lanes that have parted before may come one after the other
};

// What kind of work an instruction is, for counting.
enum class Work : std::uint8_t {
    Integer,
    Logic,
    Move,
    Convert,
    Compare,
    Half,
    Single,
    Double,
    Special,
    Tensor,
    Load,
    Store,
    Atomic,
    Copy,
    Collective,
    Barrier,
    Fence,
    Control,
};
constexpr std::size_t kWorks = 18;

// Colours of doubt. A value of Poison comes from memory that nobody wrote; one of Environment from
// what differs between two runs of the same launch: a clock, the place of the block.
struct Taint {
    std::uint32_t poison = 0;  // a bit for each lane
    std::uint32_t environment = 0;
};

struct Op {
    Handler run = nullptr;      // without any check
    Handler checked = nullptr;  // the same, and tells the checkers
    Handler inner = nullptr;    // what a checking handler wraps
    std::uint32_t d = kTrashRow, a = kZeroRow, b = kZeroRow, c = kZeroRow;  // offsets of rows
    std::uint32_t e = kZeroRow;    // a fourth source: of bfi, lop3
    std::uint32_t d2 = kTrashRow;  // setp p|q, shfl d|p
    std::uint32_t guard = kTrueRow;
    std::uint32_t guard_flip = 0;  // all ones for @!p
    std::uint32_t target = 0;      // of branches; an index into Code::lists for vectors
    std::int64_t imm = 0;          // offset of an address, kind of a barrier
    std::uint32_t site = 0;        // the PTX instruction that this comes from
    Flow flow = Flow::Plain;
    Work work = Work::Move;
    bool spreads = true;     // the doubt of a, b, c and e becomes that of d and d2
    bool counted = true;     // false: a helping step of a PTX instruction that was already counted
    std::uint8_t flops = 0;  // of one lane
    std::uint32_t tensor_flops = 0;  // of the warp
    std::uint8_t bytes = 0;          // of one element in memory
    std::uint8_t elements = 1;       // of a vector access
    Space space = Space::Generic;
    std::uint8_t flags = 0;  // of memory instructions: see access.hpp
    // Which of a, b, c and e (from bit 0) it only moves the bytes of; poison.hpp.
    std::uint8_t moves = 0;
    std::uint8_t from_bytes = 0;  // where it does, of a lane of a and b
    std::uint8_t to_bytes = 0;    // ... of c, e and d
};

template <class T>
using Aliased [[gnu::may_alias]] = T;

struct Block;

// A group of lanes of a warp that stand at one operation.
struct Group {
    std::uint32_t pc = 0;
    std::uint32_t mask = 0;
    enum class State : std::uint8_t { Ready, Converging, AtBarrier } state = State::Ready;
    bool forced = false;      // the lanes that it waits for can never come: it goes on without
    std::uint32_t spins = 0;  // backward branches since others last had a turn
    std::uint8_t barrier = 0;
    std::uint32_t passed_by = 0;  // lanes that went on here, with another mask, while these wait
};

// Lanes whose way depended on the environment, until both ways meet again.
struct Detour {
    std::uint32_t reach = 0;  // index into Code::reaches
    std::uint32_t mask = 0;
};

// Of the lanes of a row that are poison, the bytes that are; 0: all.
using PoisonedBytes = std::array<std::uint8_t, kLanes>;

struct Warp {
    std::byte* rows = nullptr;               // aligned to a unit
    Taint* taints = nullptr;                 // one for each unit; that of a row is at its first
    std::unique_ptr<PoisonedBytes[]> parts;  // the same; none before a lane is poison in part
    std::uint32_t mask = 0;                  // the lanes that the current instruction runs for
    std::uint32_t alive = 0;                 // the lanes that have not exited
    std::uint32_t lanes = 0;  // those that exist: the last warp of a block may have less than 32
    std::uint32_t index = 0;  // within the block
    Block* block = nullptr;
    std::vector<Group> groups;
    std::vector<Detour> detours;
    bool yielded = false;
    bool has_parted = false;     // at a branch, and nothing has brought all lanes together since
    std::uint32_t partings = 0;  // draws whether lanes come together by themselves
    std::uint32_t atomics = 0;   // draws whose turn it is first

    [[nodiscard]] std::size_t units() const;
    [[nodiscard]] std::uint32_t thread(unsigned lane) const { return index * kLanes + lane; }
};

template <class T>
[[nodiscard]] inline Aliased<T>* row(const Warp& warp, std::uint32_t offset) {
    // NOLINTNEXTLINE(bugprone-casting-through-void): -Wcast-align knows no alignment of rows
    return static_cast<Aliased<T>*>(static_cast<void*>(warp.rows + offset));
}

template <class T>
[[gnu::always_inline]] inline void load_row(const Warp& warp, std::uint32_t offset, T* values) {
    std::memcpy(values, __builtin_assume_aligned(warp.rows + offset, kUnit), sizeof(T) * kLanes);
}

// The lanes of the mask take the values, the others keep what they have.
template <class T>
[[gnu::always_inline]] inline void store_lanes(const Warp& warp, std::uint32_t offset,
                                               const T* values, std::uint32_t mask) {
    void* const to = __builtin_assume_aligned(warp.rows + offset, kUnit);
    if (mask == kAllLanes) {
        std::memcpy(to, values, sizeof(T) * kLanes);
        return;
    }
    std::array<T, kLanes> mixed;
    std::memcpy(mixed.data(), to, sizeof mixed);
    for (unsigned i = 0; i < kLanes; i++)
        mixed[i] = ((mask >> i) & 1U) != 0 ? values[i] : mixed[i];
    std::memcpy(to, mixed.data(), sizeof mixed);
}
template <class T>
[[gnu::always_inline]] inline void store_row(const Warp& warp, std::uint32_t offset,
                                             const T* values) {
    store_lanes(warp, offset, values, warp.mask);
}

[[nodiscard]] inline std::uint32_t predicate(const Warp& warp, std::uint32_t offset) {
    return *row<std::uint32_t>(warp, offset);
}
inline void set_predicate(const Warp& warp, std::uint32_t offset, std::uint32_t bits) {
    auto& word = *row<std::uint32_t>(warp, offset);
    word = (word & ~warp.mask) | (bits & warp.mask);
}
[[nodiscard]] inline Taint& taint_of(const Warp& warp, std::uint32_t offset) {
    return warp.taints[offset / kUnit];
}
inline void set_taint(const Warp& warp, std::uint32_t offset, Taint taint) {
    Taint& to = taint_of(warp, offset);
    to.poison = (to.poison & ~warp.mask) | (taint.poison & warp.mask);
    to.environment = (to.environment & ~warp.mask) | (taint.environment & warp.mask);
    if (warp.parts) [[unlikely]] {
        PoisonedBytes& bytes = warp.parts[offset / kUnit];
        for (unsigned i = 0; i < kLanes; i++)
            bytes[i] = ((warp.mask >> i) & 1U) != 0 ? 0 : bytes[i];
    }
}

// Calls f(lane) for each lane of the mask, lowest first.
template <class F>
[[gnu::always_inline]] inline void for_lanes(std::uint32_t mask, F f) {
    for (; mask != 0; mask &= mask - 1)
        f(static_cast<unsigned>(std::countr_zero(mask)));
}

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// A kernel ready to run: operations, the rows they work on, and what fills those rows.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "emulator/op.hpp"

namespace cupel::emulator {

enum class Special : std::uint8_t {
    TidX,
    TidY,
    TidZ,
    NtidX,
    NtidY,
    NtidZ,
    CtaidX,
    CtaidY,
    CtaidZ,
    NctaidX,
    NctaidY,
    NctaidZ,
    LaneId,
    WarpId,
    NwarpId,
    SmId,
    NsmId,
    GridId,
    LanemaskEq,
    LanemaskLe,
    LanemaskLt,
    LanemaskGe,
    LanemaskGt,
    DynamicShared,
    TotalShared,
    Clock,
    Clock64,
    ClockHi,
    GlobalTimer,
    GlobalTimerLo,
    GlobalTimerHi,
};

// What a row holds before a warp starts.
struct Preload {
    enum class Kind : std::uint8_t {
        Constant,         // bits
        SpecialValue,     // special
        Parameter,        // bytes at `bits` of the parameters
        VariableAddress,  // of `variable`, plus bits
        ParameterWindow,  // what is added to an address in .param to make it a generic one
    } kind = Kind::Constant;
    std::uint32_t row = 0;
    std::uint8_t bytes = 4;  // of a value in the row
    std::uint8_t from = 4;   // of a parameter in memory; widened by its sign, if `sign`
    bool sign = false;
    Special special = Special::TidX;
    Index variable = kNoIndex;
    std::uint64_t bits = 0;
};

// A PTX instruction, for messages and counting.
struct Site {
    Line line;
    std::uint32_t ptx_line = 0;
    std::string_view opcode;
};

// What a branch that depends on a doubtful value can change, up to where both ways meet again.
struct BranchReach {
    std::uint32_t end = kNoIndex;     // the operation where they meet; none: at the end only
    bool effects = false;             // memory, barriers or exits within
    std::vector<std::uint32_t> rows;  // written within
};

struct MatrixPlan;

// Of Code::strong, by site. Of two strong accesses one may be a write, and nothing between: that is
// a race only where a value is taken as it is found (asked.cpp).
constexpr std::uint8_t kOrdinary = 0;
constexpr std::uint8_t kAsks = 1;  // a strong load whose value decides, or a strong store
// A plain load whose value is put to use only where a compare-and-swap has found the same
// (guess.cpp). It races with plain writes alone, and nothing with it.
constexpr std::uint8_t kGuess = 2;
constexpr std::uint8_t kTakes = 3;        // a strong load whose value is put to use
constexpr std::uint8_t kAtomic = 4;       // whose result decides, or is nobody's
constexpr std::uint8_t kAtomicTakes = 5;  // whose result is put to use
constexpr std::uint8_t kAtomicLooks = 6;  // the same, and it changes nothing: a load in disguise
// An atomic whose result is stored: such a load whenever its operand, as it is found at run time,
// changes nothing.
constexpr std::uint8_t kAtomicKeeps = 7;

struct Code {
    std::string name;
    // The file that the PTX is named after ("mine.cu.ptx"), or else the one where most lines are:
    // others are named in messages.
    std::string_view main_file;
    std::vector<std::string_view> files;
    std::vector<Op> ops;
    std::vector<std::uint32_t> starts;  // of each PTX instruction, its first op
    std::vector<Site> sites;
    std::vector<std::uint8_t> strong;  // by site: an atomic, volatile or ordered access; see kAsks
    std::vector<bool> narrow;          // by site: strong towards its own block only
    std::vector<std::uint8_t> widths;  // by site: bytes of an element that it loads or stores
    std::vector<std::uint8_t> cached;  // by site: kBrings, kMeets, or 0: see first_cache.hpp
    std::vector<std::vector<std::uint32_t>> lists;         // rows of vector operands
    std::vector<std::shared_ptr<const MatrixPlan>> plans;  // of mma, by Op::imm
    std::vector<BranchReach> reaches;  // of branches that may diverge, by Op::imm
    std::vector<Preload> preloads;
    std::vector<std::uint64_t> shared_offsets;  // of variables, shared and local, in their space
    std::uint64_t dynamic_offset = 0;           // of extern shared variables
    std::uint32_t row_bytes = kFirstRow;        // of one warp's rows
    std::uint64_t shared_bytes = 0;             // static
    std::uint64_t local_bytes = 0;              // of one thread
    std::uint64_t parameter_bytes = 0;
    unsigned shared_grain = 4;  // the least access, in bytes: what races are told by
    unsigned global_grain = 4;
    bool fine_order = false;  // synchronises threads by more than barriers of the whole block
    bool parameters_in_memory = false;   // takes addresses of parameters: they need a region
    bool uses_environment = false;       // reads a clock or the place of its block
    bool blocks_communicate = false;     // by atomics or ordered accesses to global memory
    std::vector<std::string> unchecked;  // why some check does not apply to this kernel

    [[nodiscard]] bool has_strong() const {
        return std::ranges::find_if(strong, [](std::uint8_t one) { return one != 0; }) !=
               strong.end();
    }
};

// Calls use(row) for each row that the operation may write to.
template <class Use>
void for_written(const Code& code, const Op& op, Use use) {
    for (const std::uint32_t row : {op.d, op.d2}) {
        if (row != kTrashRow) use(row);
    }
    if (op.work == Work::Tensor || (op.elements > 1 && op.work == Work::Load)) {
        for (const std::uint32_t row : code.lists[op.target])
            use(row);
    }
}

// guess.cpp: of a race, is it of a plain load with the compare-and-swap behind it? So it is where
// what was loaded is put to use before the swap has found the same.
[[nodiscard]] bool is_guess_gone_wrong(const Code& code, std::uint32_t one, std::uint32_t other);

}  // namespace cupel::emulator

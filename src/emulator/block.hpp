// SPDX-License-Identifier: Apache-2.0
// What runs: a grid of blocks, each with its warps, memories, barriers and clocks.
#pragma once

#include <map>
#include <optional>

#include "emulator/clocks.hpp"
#include "emulator/findings.hpp"
#include "emulator/first_cache.hpp"
#include "emulator/memory.hpp"
#include "emulator/proxy.hpp"
#include "emulator/shape.hpp"

namespace cupel::emulator {

constexpr unsigned kBarriers = 16;

// Raw counts of a launch, by operation where that is enough to know the rest.
struct Tally {
    std::vector<std::uint64_t> warps;  // by op
    std::vector<std::uint64_t> lanes;
    std::uint64_t global_requests = 0, global_sectors = 0, global_bytes = 0;
    std::uint64_t shared_requests = 0, shared_wavefronts = 0, shared_conflicts = 0;
    std::uint64_t divergent_branches = 0;
    std::uint64_t atomic_collisions = 0;
};

// The rows of all warps of a block, and their doubt.
struct RowMemory {
    std::unique_ptr<std::byte[], Free> rows;  // aligned to a unit
    std::vector<Taint> taints;

    void start(std::size_t bytes);
};

struct Grid {
    Grid(const Code& code_to_run, GlobalMemory& global, const Options& chosen)
        : code(code_to_run),
          memory(global),
          options(chosen),
          findings(code_to_run),
          random(chosen.seed) {}

    const Code& code;
    GlobalMemory& memory;
    Options options;
    Findings findings;
    Extent grid;
    Extent block;
    std::uint32_t threads = 0;  // of one block
    std::uint64_t blocks = 0;
    std::uint64_t shared_bytes = 0;  // of one block, with the dynamic part
    std::uint32_t dynamic_bytes = 0;
    std::vector<std::byte> parameters;
    std::uint64_t parameter_base = 0;             // of their region, where there is one
    std::vector<std::uint64_t> module_addresses;  // of the variables of the module
    Locations locations;
    std::array<ProxyFences, 2> proxy_fences;  // by Proxied
    Tally tally;
    Shapes shapes;                // of memory accesses: see known_shape
    std::uint64_t executed = 0;   // warp instructions
    std::uint64_t completed = 0;  // blocks
    std::uint64_t random = 0;
    std::uint32_t moment = 0;  // how many lines were brought into a cache: see first_cache.hpp
    Region* last_found = nullptr;
    std::shared_ptr<const RowMemory>
        first_rows;  // as a block starts with them; null before the first
    bool stopped = false;

    // What a copy reads and what it writes lie each in a way of their own.
    [[nodiscard]] KnownShape& known_shape(const Op& op) {
        return shapes.of(2 * std::size_t{op.site} + std::size_t{op.space == Space::Shared});
    }
};

struct BlockBarrier {
    std::uint32_t expected = 0;  // threads; 0: all of the block
    std::uint32_t arrived = 0;   // threads
    bool passed = false;         // somebody arrived and went on without waiting
    std::uint32_t site = 0;      // where the first came
    std::uint32_t first_thread = 0;
    std::uint32_t true_threads = 0;  // of bar.red
    Taint doubt;                     // of what it reduces, all lanes or none
    struct Waiting {
        std::uint32_t warp = 0;
        std::uint32_t mask = 0;
        const Op* op = nullptr;
    };
    std::vector<Waiting> waiting;
    Knowledge knowledge;
    bool arrived_without_waiting = false;  // somebody, who went on
};

// Of a thread: the copies that it had begun by then.
struct Awaited {
    std::uint32_t thread = 0;
    std::uint64_t until = 0;
};

// A bulk copy that nobody has waited for.
struct BulkCopy {
    Region* from = nullptr;  // null: nothing was copied
    std::uint64_t source = 0;
    Region* to = nullptr;
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t site = 0;
    std::uint32_t thread = 0;
    bool read = false;  // its source may be used again
};
struct BulkStores {                             // of one thread
    std::vector<BulkCopy> open;                 // not yet in a group
    std::vector<std::vector<BulkCopy>> groups;  // oldest first
};

struct MBarrier {
    std::uint32_t expected = 0;
    std::uint32_t pending = 0;      // arrivals that this phase still needs
    std::int64_t transactions = 0;  // bytes that it still needs; less than none: too many came
    std::uint64_t phase = 0;
    Knowledge gathering;  // of those who arrived in this phase
    Knowledge last;       // of the phases before
    // Copies that arrive with this phase, and those of phases that nobody has seen ended.
    std::vector<Awaited> arriving;
    std::vector<Awaited> arrived;
    std::vector<BulkCopy> bringing;  // likewise
    std::vector<BulkCopy> brought;
    std::uint32_t expect_site = 0;  // of who last spoke of bytes
    std::uint32_t expect_thread = 0;
};

// A copy into shared memory that nobody has waited for.
struct Copy {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t taken = 0;  // of the source, which must stay as it was
    const std::byte* source = nullptr;
    std::uint64_t number = 0;  // of the thread's copies
    std::uint32_t site = 0;
    bool told = false;  // an mbarrier tells of it, so to those it is written by now
};
struct Copies {  // of one thread
    std::uint64_t begun = 0;
    std::vector<Copy> open;                 // not yet in a group
    std::vector<std::vector<Copy>> groups;  // oldest first
};

struct Block {
    Block(Grid& of_grid, std::uint64_t index_in_grid);
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    Block(Block&&) = delete;
    Block& operator=(Block&&) = delete;
    ~Block() = default;

    Grid& grid;
    std::uint64_t index;
    Extent at;
    Region shared;
    Region local;
    Clocks clocks;
    Locations locations;  // of shared memory
    FirstCache first_cache;
    std::array<BlockBarrier, kBarriers> barriers;
    std::map<std::uint64_t, MBarrier> mbarriers;   // by offset in shared memory
    std::vector<Copies> copies;                    // by thread; empty while there are none
    std::map<std::uint32_t, BulkCopy> bulk_loads;  // by thread: the last one
    std::map<std::uint32_t, BulkStores> bulk_stores;
    std::array<FencedOf, 2> fenced;  // by Proxied
    std::vector<Warp> warps;
    std::uint32_t alive = 0;  // threads
    bool exits_noted = false;
    // In this turn: looks at what another block may be waited for to change.
    std::uint32_t polls = 0;

    // Runs for up to so many warp instructions; true when all threads have exited.
    bool run(std::uint64_t slice);
    // Did the last turn end as nothing but another block can help?
    [[nodiscard]] bool waits() const;

    // A fence or an acquire of the scope of the device.
    void forget_lines() { first_cache.forget(grid.moment); }

    // In records of accesses. A sample may be of more blocks, which then meet nowhere.
    [[nodiscard]] std::uint32_t id() const {
        return static_cast<std::uint32_t>(index % kMostBlocks);
    }
    [[nodiscard]] Event event(const Warp& warp, unsigned lane, const Op& op, Fault fault) const {
        return {.fault = fault, .site = op.site, .block = index, .thread = warp.thread(lane)};
    }

private:
    // As all blocks of the grid start, but for what depends on the place of the block.
    void fill_rows();
    void fill_row(const Preload& preload, Warp& warp);
    std::uint64_t random_;  // of its own, so that no other block has a part in its order of warps
    RowMemory rows_;
};

// preload.cpp: may the row differ from block to block?
[[nodiscard]] bool depends_on_block(const Preload& preload);

// The kinds of barrier instruction, in Op::imm.
constexpr std::uint8_t kBarSync = 0;
constexpr std::uint8_t kBarArrive = 1;
constexpr std::uint8_t kBarRedPopc = 2;  // from here on: reductions
constexpr std::uint8_t kBarRedAnd = 3;
constexpr std::uint8_t kBarRedOr = 4;

// barrier.cpp: the group of `warp.mask` comes to a barrier. True when it may go on at once.
bool arrive_at_barrier(Block& block, Warp& warp, const Op& op);
// Barriers whose missing threads have exited are opened.
void open_complete_barriers(Block& block);

}  // namespace cupel::emulator

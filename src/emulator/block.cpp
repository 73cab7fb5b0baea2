// SPDX-License-Identifier: Apache-2.0
#include "emulator/block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <numeric>

#include "emulator/bulk.hpp"
#include "emulator/scheduler.hpp"

namespace cupel::emulator {
namespace {

constexpr std::uint64_t kQuantum = 512;  // instructions of a warp before another has a turn
// So many looks at what other blocks may change, and another block has a turn: whoever spins until
// a neighbour has published would else use up its whole slice, and the budget with it.
constexpr std::uint32_t kPolls = 64;

Extent place_of(std::uint64_t index, const Extent& grid) {
    return {.x = static_cast<std::uint32_t>(index % grid.x),
            .y = static_cast<std::uint32_t>(index / grid.x % grid.y),
            .z = static_cast<std::uint32_t>(index / grid.x / grid.y)};
}

}  // namespace

Block::Block(Grid& of_grid, std::uint64_t index_in_grid)
    : grid(of_grid),
      index(index_in_grid),
      at(place_of(index_in_grid, of_grid.grid)),
      shared("shared memory", Owner::Shared, Role::Scratch, of_grid.shared_bytes),
      local("local memory", Owner::Local, Role::Scratch,
            of_grid.code.local_bytes * of_grid.threads),
      clocks(id(), of_grid.threads),
      alive(of_grid.threads),
      random_(of_grid.options.seed + index_in_grid * 0x2545'F491'4F6C'DD1DU) {
    const std::size_t count = (grid.threads + kLanes - 1) / kLanes;
    const std::size_t row_bytes = grid.code.row_bytes;
    rows_.start(count * row_bytes);
    if (grid.options.checks) {
        shared.grain = grid.code.shared_grain;
        shared.trails.start(shared.bytes / shared.grain + 1, grid.code.has_strong());
        if (grid.options.shortcuts && !grid.code.fine_order)
            shared.settled.resize(shared.trails.count);
    }
    warps.resize(count);
    for (std::size_t i = 0; i < count; i++) {
        Warp& warp = warps[i];
        warp.rows = rows_.rows.get() + i * row_bytes;
        warp.taints = rows_.taints.data() + i * row_bytes / kUnit;
        warp.index = static_cast<std::uint32_t>(i);
        warp.block = this;
        const std::uint32_t left = grid.threads - warp.index * kLanes;
        warp.lanes = left >= kLanes ? kAllLanes : (1U << left) - 1;
        warp.alive = warp.lanes;
        warp.groups.push_back({.pc = 0, .mask = warp.lanes});
    }
    fill_rows();
}

std::size_t Warp::units() const {
    return block->grid.code.row_bytes / kUnit;
}

void RowMemory::start(std::size_t bytes) {
    void* const memory = std::aligned_alloc(kUnit, std::max<std::size_t>(bytes, kUnit));
    if (memory == nullptr) throw std::bad_alloc();
    rows.reset(static_cast<std::byte*>(memory));
    taints.resize(bytes / kUnit);
}

// Registers start as poison: a register that is read before it is written is as wrong as memory.
void Block::fill_rows() {
    const bool is_first = grid.first_rows == nullptr;
    const std::size_t bytes = rows_.taints.size() * kUnit;
    if (is_first) {
        std::fill_n(rows_.rows.get(), bytes, std::byte{0});
        std::ranges::fill(rows_.taints, Taint{.poison = kAllLanes, .environment = 0});
    } else {
        std::memcpy(rows_.rows.get(), grid.first_rows->rows.get(), bytes);
        rows_.taints = grid.first_rows->taints;
    }
    for (Warp& warp : warps) {
        warp.mask = kAllLanes;
        if (is_first) {
            *row<std::uint32_t>(warp, kTrueRow) = kAllLanes;
            for (std::uint32_t at_row = 0; at_row < kFirstRow; at_row += kUnit)
                taint_of(warp, at_row) = {};
        }
        for (const Preload& preload : grid.code.preloads) {
            if (is_first || depends_on_block(preload)) fill_row(preload, warp);
        }
    }
    if (!is_first) return;
    auto first = std::make_shared<RowMemory>();
    first->start(bytes);
    std::memcpy(first->rows.get(), rows_.rows.get(), bytes);
    first->taints = rows_.taints;
    grid.first_rows = std::move(first);
}

bool Block::waits() const {
    return polls >= kPolls;
}

bool Block::run(std::uint64_t slice) {
    const std::uint64_t until = grid.executed + slice;
    polls = 0;
    std::vector<std::uint32_t> order(warps.size());
    std::iota(order.begin(), order.end(), 0);
    while (alive > 0 && !grid.stopped) {
        if (grid.options.seed != 0) {
            for (std::size_t i = order.size(); i > 1; i--)
                std::swap(order[i - 1], order[next_random(random_) % i]);
        }
        bool ran = false;
        for (const std::uint32_t i : order) {
            const bool drawn = grid.options.seed != 0;
            if (drawn && ran && grid.executed >= until) break;
            const std::uint64_t left = std::max(until, grid.executed + 1) - grid.executed;
            const std::uint64_t quantum =
                drawn ? std::min(left, 1 + next_random(random_) % kQuantum) : kQuantum;
            ran = run_warp(*this, warps[i], quantum) || ran;
        }
        if (!ran && !force_groups(*this)) {
            const auto stuck = std::ranges::find_if(
                barriers, [](const BlockBarrier& b) { return b.arrived != 0; });
            CUPEL_CHECK(stuck != barriers.end());
            const Event event{.fault = Fault::Deadlock,
                              .site = stuck->site,
                              .block = index,
                              .thread = stuck->first_thread};
            grid.findings.add(event, 0, [&](const std::string& here, const std::string&) {
                return fmt::format("{} waits at a barrier to which {} of {} threads came", here,
                                   stuck->arrived, stuck->expected == 0 ? alive : stuck->expected);
            });
            alive = 0;
            break;
        }
        if (grid.executed >= grid.options.budget) {
            tell_of_missing_bytes(*this);
            grid.stopped = true;
            break;
        }
        if (grid.executed >= until || (waits() && alive > 0)) return false;
    }
    return true;
}

}  // namespace cupel::emulator

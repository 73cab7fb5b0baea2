// SPDX-License-Identifier: Apache-2.0
#include "emulator/block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "emulator/scheduler.hpp"

namespace cupel::emulator {
namespace {

constexpr std::uint64_t kQuantum = 512;  // instructions of a warp before another has a turn
// So many looks at what other blocks may change, and another block has a turn: whoever spins until
// a neighbour has published would else use up its whole slice, and the budget with it.
constexpr std::uint32_t kPolls = 64;

std::byte* aligned(std::vector<std::byte>& bytes) {
    void* start = bytes.data();
    std::size_t space = bytes.size();
    return static_cast<std::byte*>(std::align(kUnit, 1, start, space));
}

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
      clocks(static_cast<std::uint32_t>(index_in_grid), of_grid.threads),
      alive(of_grid.threads),
      random_(of_grid.options.seed + index_in_grid * 0x2545'F491'4F6C'DD1DU) {
    const std::size_t count = (grid.threads + kLanes - 1) / kLanes;
    const std::size_t row_bytes = grid.code.row_bytes;
    rows_.resize(count * row_bytes + kUnit);
    taints_.resize(count * row_bytes / kUnit);
    if (grid.options.checks) {
        shared.grain = grid.code.shared_grain;
        shared.trails.resize(shared.bytes / shared.grain + 1);
        if (!grid.code.fine_order) shared.settled.resize(shared.trails.size());
    }
    warps.resize(count);
    for (std::size_t i = 0; i < count; i++) {
        Warp& warp = warps[i];
        warp.rows = aligned(rows_) + i * row_bytes;
        warp.taints = taints_.data() + i * row_bytes / kUnit;
        warp.index = static_cast<std::uint32_t>(i);
        warp.block = this;
        const std::uint32_t left = grid.threads - warp.index * kLanes;
        warp.lanes = left >= kLanes ? kAllLanes : (1U << left) - 1;
        warp.alive = warp.lanes;
        warp.groups.push_back({.pc = 0, .mask = warp.lanes});
    }
    fill_rows();
}

// Registers start as poison: a register that is read before it is written is as wrong as memory.
void Block::fill_rows() {
    std::ranges::fill(taints_, Taint{.poison = kAllLanes, .environment = 0});
    for (Warp& warp : warps) {
        warp.mask = kAllLanes;
        *row<std::uint32_t>(warp, kTrueRow) = kAllLanes;
        for (std::uint32_t at_row = 0; at_row < kFirstRow; at_row += kUnit)
            taint_of(warp, at_row) = {};
        for (const Preload& preload : grid.code.preloads)
            fill_row(preload, warp);
    }
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
            const std::uint64_t quantum =
                grid.options.seed == 0 ? kQuantum : 1 + next_random(random_) % kQuantum;
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
            grid.stopped = true;
            break;
        }
        if (grid.executed >= until || (polls >= kPolls && alive > 0)) return false;
    }
    return true;
}

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
#include "emulator/launch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <numeric>

namespace cupel::emulator {
namespace {

// A block that has not ended by then may be waiting for another one, so others get a turn.
constexpr std::uint64_t kSlice = 200'000;
constexpr std::uint64_t kResidentBytes = std::uint64_t{1} << 30;

std::uint64_t bytes_of_block(const Grid& grid) {
    const std::uint64_t warps = (grid.threads + kLanes - 1) / kLanes;
    const std::uint64_t shadow =
        grid.options.checks ? 2 + sizeof(Trail) / grid.code.shared_grain : 2;
    return warps * grid.code.row_bytes * 2 + grid.shared_bytes * shadow +
           grid.code.local_bytes * grid.threads * 2 + 65536;
}

}  // namespace

void run_grid(Grid& grid) {
    std::vector<std::uint32_t> order(grid.blocks);
    std::iota(order.begin(), order.end(), 0);
    if (grid.options.seed != 0) {
        for (std::size_t i = order.size(); i > 1; i--)
            std::swap(order[i - 1], order[next_random(grid.random) % i]);
    }
    const std::uint64_t room = std::max<std::uint64_t>(1, kResidentBytes / bytes_of_block(grid));
    std::deque<std::unique_ptr<Block>> resident;
    std::size_t next = 0;
    while (!grid.stopped && (next < order.size() || !resident.empty())) {
        // Those that wait have had their turn: a fresh block comes first, while there is room.
        if (next < order.size() && resident.size() < room) {
            resident.push_front(std::make_unique<Block>(grid, order[next++]));
        }
        std::unique_ptr<Block> block = std::move(resident.front());
        resident.pop_front();
        if (!block->run(kSlice)) resident.push_back(std::move(block));
    }
    if (grid.executed >= grid.options.budget && grid.stopped) {
        const Event event{.fault = Fault::NotFinished};
        grid.findings.add(event, 0, [&](const std::string&, const std::string&) {
            return fmt::format("the kernel has not come to its end within {} instructions of warps",
                               grid.options.budget);
        });
    }
}

}  // namespace cupel::emulator

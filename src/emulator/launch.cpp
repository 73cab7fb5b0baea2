// SPDX-License-Identifier: Apache-2.0
#include "emulator/launch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <set>

#include "emulator/split.hpp"

namespace cupel::emulator {
namespace {

// A block that has not ended by then may be waiting for another one, so others get a turn.
constexpr std::uint64_t kSlice = 200'000;
// In an order that is drawn, blocks that can see each other also stop anywhere, as many are at work
// on a device at once: else no lock would ever be found taken. Short turns come as often as long
// ones; so many blocks are at work, and more only while those wait.
constexpr std::uint64_t kTurnBits = 12;
constexpr std::size_t kAtWork = 8;
constexpr std::uint64_t kOneMoreOf = 16;
// Of a sample; then the block at hand is the last.
constexpr std::uint64_t kSampleWork = 1'000'000;
constexpr std::uint64_t kResidentBytes = std::uint64_t{1} << 30;

std::uint64_t bytes_of_block(const Grid& grid) {
    const std::uint64_t warps = (grid.threads + kLanes - 1) / kLanes;
    const std::uint64_t shadow =
        grid.options.checks ? 2 + Trails::kBytes / grid.code.shared_grain : 2;
    return warps * grid.code.row_bytes * 2 + grid.shared_bytes * shadow +
           grid.code.local_bytes * grid.threads * 2 + 65536;
}

// Some blocks one after the other, so that whoever waits for another block does not come to its
// end. Steps of the golden section leave no gaps, however many there are; from where, follows from
// the seed, so that nobody knows which blocks they are.
void run_sample(Grid& grid) {
    constexpr double kGolden = 0.6180339887498949;
    std::set<std::uint64_t> done;
    double at = 0.5;
    if (grid.options.seed != 0) at = static_cast<double>(next_random(grid.random) >> 11) * 0x1p-53;
    for (std::uint64_t tries = 0; tries < 2 * grid.options.sample; tries++) {
        at += kGolden;
        at -= std::floor(at);
        const auto index = static_cast<std::uint64_t>(at * static_cast<double>(grid.blocks));
        if (!done.insert(std::min(index, grid.blocks - 1)).second) continue;
        Block block(grid, std::min(index, grid.blocks - 1));
        while (!grid.stopped && !block.run(kSlice)) {
        }
        if (grid.stopped) return;
        grid.completed++;
        if (grid.completed == grid.options.sample || grid.executed >= kSampleWork) return;
    }
}

// Whose turn it is, and for how long.
class Turns {
public:
    explicit Turns(Grid& grid)
        : grid_(grid), drawn_(grid.options.seed != 0 && grid.code.blocks_communicate) {}

    // Those that wait have had their turn: a fresh block comes first.
    [[nodiscard]] bool is_for_fresh(std::size_t resident) {
        if (!drawn_ || waits_ || resident == 0) return true;
        return next_random(grid_.random) % (resident < kAtWork ? 2 : kOneMoreOf) == 0;
    }
    // True when the block has come to its end.
    [[nodiscard]] bool run(Block& block) {
        const bool ended = block.run(drawn_ ? draw() : kSlice);
        waits_ = !ended && block.waits();
        return ended;
    }

private:
    [[nodiscard]] std::uint64_t draw() {
        const std::uint64_t most = std::uint64_t{1} << next_random(grid_.random) % kTurnBits;
        return 1 + next_random(grid_.random) % most;
    }

    Grid& grid_;
    bool drawn_;
    bool waits_ = false;
};

void run_all(Grid& grid) {
    std::vector<std::uint32_t> order(grid.blocks);
    std::iota(order.begin(), order.end(), 0);
    if (grid.options.seed != 0) {
        for (std::size_t i = order.size(); i > 1; i--)
            std::swap(order[i - 1], order[next_random(grid.random) % i]);
    }
    if (run_split(grid, order)) return;
    const std::uint64_t room = std::max<std::uint64_t>(1, kResidentBytes / bytes_of_block(grid));
    std::deque<std::unique_ptr<Block>> resident;
    std::size_t next = 0;
    Turns turns(grid);
    while (!grid.stopped && (next < order.size() || !resident.empty())) {
        if (next < order.size() && resident.size() < room && turns.is_for_fresh(resident.size())) {
            resident.push_front(std::make_unique<Block>(grid, order[next++]));
        }
        std::unique_ptr<Block> block = std::move(resident.front());
        resident.pop_front();
        if (!turns.run(*block)) {
            resident.push_back(std::move(block));
        } else {
            grid.completed++;
        }
    }
}

}  // namespace

void run_grid(Grid& grid) {
    if (grid.options.sample > 0 && grid.options.sample < grid.blocks) {
        run_sample(grid);
    } else {
        run_all(grid);
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

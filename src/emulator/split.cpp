// SPDX-License-Identifier: Apache-2.0
#include "emulator/split.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>

namespace cupel::emulator {
namespace {

// What is kept of memory to undo with, and of who touched what. Beyond this blocks follow each
// other.
constexpr std::uint64_t kMostKept = std::uint64_t{256} << 20;
// Of the budget, for one block: one that does not come to its end must not use it up twice.
constexpr std::uint64_t kShare = 4;

// Region::owners: 0, or the block + 1 shifted by one with a bit for having written, or this.
constexpr std::uint32_t kSeveral = ~std::uint32_t{0};

bool claim_word(std::uint32_t& word, std::uint32_t block, bool writes) {
    const std::atomic_ref<std::uint32_t> owner(word);
    const std::uint32_t mine = ((block + 1) << 1) | std::uint32_t{writes};
    std::uint32_t seen = owner.load(std::memory_order_relaxed);
    while (true) {
        std::uint32_t next = kSeveral;
        if (seen == 0 || (seen | 1) == (mine | 1)) {
            next = seen | mine;
        } else if (writes || (seen != kSeveral && (seen & 1) != 0)) {
            return false;
        }
        if (next == seen) return true;
        if (owner.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return true;
    }
}

class Split {
public:
    Split(Grid& grid, const std::vector<std::uint32_t>& order) : grid_(grid), order_(order) {
        for (const auto& region : grid.memory.regions()) {
            if (!region->writable() || region->bytes == 0) continue;
            kept_.push_back(
                {.region = region.get(), .data = region->data, .shadow = region->shadow});
            region->owners.assign((region->bytes + region->grain - 1) / region->grain, 0);
        }
    }
    Split(const Split&) = delete;
    Split& operator=(const Split&) = delete;
    Split(Split&&) = delete;
    Split& operator=(Split&&) = delete;
    ~Split() {
        for (const Kept& one : kept_)
            one.region->owners = {};
    }

    bool run() {
        const std::size_t count = std::min<std::size_t>(grid_.options.threads, order_.size());
        std::vector<Grid> grids(count, grid_);
        std::vector<std::thread> threads;
        for (std::size_t i = 1; i < count; i++) {
            try {
                threads.emplace_back([this, &own = grids[i]] { work(own); });
            } catch (const std::system_error&) {
                break;  // those that there are do it
            }
        }
        work(grids[0]);
        for (std::thread& thread : threads)
            thread.join();
        std::uint64_t executed = 0;
        for (const Grid& own : grids)
            executed += own.executed;
        if (given_up_ || executed >= grid_.options.budget) {
            undo();
            return false;
        }
        for (const Grid& own : grids)
            add(own);
        return true;
    }

private:
    struct Kept {
        Region* region;
        std::vector<std::byte> data;
        std::vector<std::uint8_t> shadow;
    };

    void work(Grid& own) {
        try {
            while (!given_up_) {
                const std::size_t i = next_++;
                if (i >= order_.size()) return;
                Block block(own, order_[i]);
                const bool ended = block.run(grid_.options.budget / kShare);
                if (!ended || own.stopped || !own.findings.empty()) given_up_ = true;
                own.completed++;
            }
        } catch (const std::exception&) {  // no room, most likely
            given_up_ = true;
        }
    }

    void add(const Grid& own) {
        const auto sum = [](std::vector<std::uint64_t>& to,
                            const std::vector<std::uint64_t>& from) {
            std::ranges::transform(to, from, to.begin(), std::plus());
        };
        Tally& to = grid_.tally;
        const Tally& from = own.tally;
        sum(to.warps, from.warps);
        sum(to.lanes, from.lanes);
        to.global_requests += from.global_requests;
        to.global_sectors += from.global_sectors;
        to.global_bytes += from.global_bytes;
        to.shared_requests += from.shared_requests;
        to.shared_wavefronts += from.shared_wavefronts;
        to.shared_conflicts += from.shared_conflicts;
        to.divergent_branches += from.divergent_branches;
        to.atomic_collisions += from.atomic_collisions;
        grid_.executed += own.executed;
        grid_.completed += own.completed;
    }

    void undo() {
        for (Kept& one : kept_) {
            one.region->data = std::move(one.data);
            one.region->shadow = std::move(one.shadow);
            one.region->trails.restart();
        }
        for (const auto& region : grid_.memory.regions()) {
            if (region->writable()) continue;
            for (std::uint8_t& shade : region->shadow)
                shade &= static_cast<std::uint8_t>(~kRead);
        }
    }

    Grid& grid_;
    const std::vector<std::uint32_t>& order_;
    std::vector<Kept> kept_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> given_up_{false};
};

bool can_split(const Grid& grid) {
    if (grid.options.threads < 2 || grid.blocks < 2) return false;
    if (grid.code.blocks_communicate || grid.code.uses_environment) return false;
    std::uint64_t bytes = 0;
    for (const auto& region : grid.memory.regions()) {
        if (region->writable()) bytes += region->bytes * (2 + 4 / region->grain);
    }
    return bytes <= kMostKept;
}

}  // namespace

bool claim(const Warp& warp, const Op& op, const Part& part, unsigned bytes) {
    Region& region = *part.region;
    Grid& grid = warp.block->grid;
    const bool writes = op.work == Work::Store || op.work == Work::Atomic;
    const std::uint32_t count = std::max(1U, bytes / region.grain);
    bool mine = true;
    for_lanes(part.mask, [&](unsigned i) {
        std::uint32_t* const first = region.owners.data() + part.offsets[i] / region.grain;
        for (std::uint32_t w = 0; w < count; w++)
            mine = claim_word(first[w], warp.block->id(), writes) && mine;
    });
    if (!mine) grid.stopped = true;
    return mine;
}

bool is_read_by_several(Region& region, std::uint64_t word) {
    if (region.owners.empty()) return false;
    const std::atomic_ref<std::uint32_t> owner(region.owners[word]);
    return owner.load(std::memory_order_relaxed) == kSeveral;
}

bool run_split(Grid& grid, const std::vector<std::uint32_t>& order) {
    return can_split(grid) && Split(grid, order).run();
}

}  // namespace cupel::emulator

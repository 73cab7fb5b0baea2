// SPDX-License-Identifier: Apache-2.0
#include "emulator/clocks.hpp"

#include <algorithm>

namespace cupel::emulator {

void Seen::learn(std::uint32_t thread, std::uint32_t time) {
    if (time < before) return;
    const auto at = std::ranges::lower_bound(threads, thread, {},
                                             &std::pair<std::uint32_t, std::uint32_t>::first);
    if (at != threads.end() && at->first == thread) {
        at->second = std::max(at->second, time);
    } else {
        threads.insert(at, {thread, time});
    }
}

void Seen::merge(const Seen& other) {
    before = std::max(before, other.before);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> both;
    both.reserve(threads.size() + other.threads.size());
    auto a = threads.begin();
    auto b = other.threads.begin();
    while (a != threads.end() || b != other.threads.end()) {
        std::pair<std::uint32_t, std::uint32_t> next;
        if (b == other.threads.end() || (a != threads.end() && a->first < b->first)) {
            next = *a++;
        } else if (a == threads.end() || b->first < a->first) {
            next = *b++;
        } else {
            next = {a->first, std::max(a->second, b->second)};
            ++a;
            ++b;
        }
        if (next.second >= before) both.push_back(next);
    }
    threads = std::move(both);
}

bool Seen::holds(std::uint32_t thread, std::uint32_t time) const {
    if (time < before) return true;
    const auto at = std::ranges::lower_bound(threads, thread, {},
                                             &std::pair<std::uint32_t, std::uint32_t>::first);
    return at != threads.end() && at->first == thread && time <= at->second;
}

void Knowledge::merge(const Knowledge& other) {
    for (const auto& [block, seen] : other.blocks_)
        blocks_[block].merge(seen);
}

bool Knowledge::holds(std::uint32_t block, std::uint32_t thread, std::uint32_t time) const {
    const auto found = blocks_.find(block);
    return found != blocks_.end() && found->second.holds(thread, time);
}

Clocks::Clocks(std::uint32_t block, std::uint32_t threads)
    : block_(block),
      time_(threads, 1),
      warp_epoch_((threads + kLanes - 1) / kLanes, 1),
      device_fence_(threads, 0),
      block_fence_(threads, 0),
      unfenced_(warp_epoch_.size(), 0) {}

bool Clocks::before(std::uint32_t me, std::uint32_t block, std::uint32_t thread,
                    std::uint32_t time) const {
    if (block == block_) {
        if (thread == me || time < epoch_) return true;
        if (thread / kLanes == me / kLanes &&
            (time < warp_epoch_[me / kLanes] || time <= lane_known(me, thread % kLanes))) {
            return true;
        }
    }
    return (!mine_.empty() && mine_[me].holds(block, thread, time)) ||
           common_.holds(block, thread, time);
}

void Clocks::block_barrier() {
    epoch_ = tick();
    const bool all_fenced =
        std::ranges::none_of(unfenced_, [](std::uint32_t lanes) { return lanes != 0; });
    if (all_fenced) fenced_before_ = epoch_;
    std::ranges::fill(time_, epoch_);
    for (Pending& pending : pending_) {
        if (pending.knowledge.empty()) continue;
        common_.merge(pending.knowledge);
        pending = {};
    }
    for (Knowledge& mine : mine_) {
        if (mine.empty()) continue;
        common_.merge(mine);
        mine.clear();
    }
}

void Clocks::warp_barrier(std::uint32_t warp, std::uint32_t mask, std::uint32_t alive) {
    const std::uint32_t first = warp * kLanes;
    const std::uint32_t now = tick();
    Knowledge joined;
    if (!mine_.empty()) for_lanes(mask, [&](unsigned i) { joined.merge(mine_[first + i]); });
    if ((alive & ~mask) == 0) {  // all that can still do anything
        warp_epoch_[warp] = now;
    } else {
        lane_known_.resize(time_.size() * kLanes);
        std::array<std::uint32_t, kLanes> known{};
        for_lanes(mask, [&](unsigned i) {
            const std::uint32_t* const row = &lane_known_[std::size_t{first + i} * kLanes];
            for (unsigned j = 0; j < kLanes; j++)
                known[j] = std::max(known[j], row[j]);
            known[i] = std::max(known[i], time_[first + i]);
        });
        for_lanes(mask, [&](unsigned i) {
            std::ranges::copy(known, &lane_known_[std::size_t{first + i} * kLanes]);
        });
    }
    for_lanes(mask, [&](unsigned i) {
        time_[first + i] = now;
        if (!joined.empty()) mine_of(first + i) = joined;
    });
}

void Clocks::tell(std::uint32_t thread, std::uint32_t own_time, std::uint32_t before_time,
                  Knowledge& into) const {
    Seen& seen = into.of(block_);
    Seen own;
    own.before = before_time;
    const std::uint32_t first = thread / kLanes * kLanes;
    for (std::uint32_t lane = 0; own_time != 0 && lane < kLanes && first + lane < time_.size();
         lane++) {
        std::uint32_t known = std::max(lane_known(thread, lane), warp_epoch_[thread / kLanes] - 1);
        if (first + lane == thread) known = own_time;
        if (known >= own.before) own.threads.emplace_back(first + lane, known);
    }
    seen.merge(own);
    into.merge(common_);
    if (!mine_.empty()) into.merge(mine_[thread]);
}

void Clocks::release(std::uint32_t thread, Knowledge& into) {
    tell(thread, time_[thread], epoch_, into);
    time_[thread] = tick();
}

void Clocks::fence(std::uint32_t thread, Scope scope) {
    if (!pending_.empty() && !pending_[thread].knowledge.empty()) {
        mine_of(thread).merge(pending_[thread].knowledge);
        pending_[thread] = {};
    }
    block_fence_[thread] = time_[thread];
    if (scope == Scope::Device) {
        device_fence_[thread] = time_[thread];
        unfenced_[thread / kLanes] &= ~(1U << thread % kLanes);
    }
    time_[thread] = tick();
}

void Clocks::publish(std::uint32_t thread, std::uint64_t address, Locations& locations,
                     bool replaces) {
    const bool device = device_fence_[thread] >= epoch_;
    const bool block =
        block_fence_[thread] >= epoch_ && block_fence_[thread] > device_fence_[thread];
    if (!device && !block && fenced_before_ == 0) {
        if (replaces) locations.erase(address);
        return;
    }
    Location& location = locations[address];
    if (replaces) location = {};
    const auto extend = [&](Told& place, bool continues, std::uint32_t own, std::uint32_t before) {
        auto next = std::make_shared<Knowledge>();
        if (place != nullptr && continues) *next = *place;
        tell(thread, own, before, *next);
        place = std::move(next);
    };
    if (device) {
        extend(location.device, true, device_fence_[thread], epoch_);
    } else if (fenced_before_ != 0) {
        extend(location.device, true, 0, fenced_before_);
    }
    if (block) {
        extend(location.block, location.block_id == block_, block_fence_[thread], epoch_);
        location.block_id = block_;
    }
}

void Clocks::observe(std::uint32_t thread, std::uint64_t address, const Locations& locations) {
    if (locations.empty()) return;
    const auto found = locations.find(address);
    if (found == locations.end()) return;
    if (pending_.empty()) pending_.resize(time_.size());
    Pending& pending = pending_[thread];
    const auto add = [&](const Told& told, std::size_t kind) {
        if (told == nullptr || told == pending.last[kind]) return;
        pending.knowledge.merge(*told);
        pending.last[kind] = told;
    };
    add(found->second.device, 0);
    if (found->second.block_id == block_) add(found->second.block, 1);
}

}  // namespace cupel::emulator

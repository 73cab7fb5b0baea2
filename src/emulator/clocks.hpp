// SPDX-License-Identifier: Apache-2.0
// What happened before what. Every thread has a time that moves on whenever it tells others of what
// it did; an access is stamped with it. An access of thread u at time m comes before what thread t
// does now if t knows u's times up to m: through a barrier of the block, a barrier of the warp, or
// a chain of releases and acquires (fences with atomics, mbarrier, named barriers).
//
// What barriers of the whole block and of whole warps order costs nothing per thread: one number
// each. Only finer synchronisation is kept as knowledge of single threads.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emulator/op.hpp"

namespace cupel::emulator {

constexpr std::uint32_t kThreadBits = 10;
constexpr std::uint32_t kThreadMask = (1U << kThreadBits) - 1;

// Of one block: all its times below `before`, and of some threads times up to and with.
struct Seen {
    std::uint32_t before = 0;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> threads;  // (thread, time), by thread

    void learn(std::uint32_t thread, std::uint32_t time);
    void merge(const Seen& other);
    [[nodiscard]] bool holds(std::uint32_t thread, std::uint32_t time) const;
};

class Knowledge {
public:
    Seen& of(std::uint32_t block) { return blocks_[block]; }
    void merge(const Knowledge& other);
    [[nodiscard]] bool holds(std::uint32_t block, std::uint32_t thread, std::uint32_t time) const;
    [[nodiscard]] bool empty() const { return blocks_.empty(); }
    void clear() { blocks_.clear(); }

private:
    std::map<std::uint32_t, Seen> blocks_;
};
using Told = std::shared_ptr<const Knowledge>;

// What atomics and volatile accesses carry through the location they touch.
struct Location {
    Told device;                 // told to everyone
    Told block;                  // told only within one block, by a fence of its scope
    std::uint32_t block_id = 0;  // which
};
using Locations = std::unordered_map<std::uint64_t, Location>;

enum class Scope : std::uint8_t { Block, Device };

class Clocks {
public:
    Clocks(std::uint32_t block, std::uint32_t threads);

    [[nodiscard]] std::uint32_t time_of(std::uint32_t thread) const { return time_[thread]; }
    // Of a warp's lanes.
    [[nodiscard]] const std::uint32_t* times_of(std::uint32_t warp) const {
        return time_.data() + std::size_t{warp} * kLanes;
    }
    // All times of this block below are known to all of its threads.
    [[nodiscard]] std::uint32_t epoch() const { return epoch_; }
    [[nodiscard]] std::uint32_t block() const { return block_; }
    // Is an access by `thread` of `block` at `time` before what `me` does now?
    [[nodiscard]] bool before(std::uint32_t me, std::uint32_t block, std::uint32_t thread,
                              std::uint32_t time) const;

    void block_barrier();
    void warp_barrier(std::uint32_t warp, std::uint32_t mask, std::uint32_t alive);
    // What `thread` knows and did becomes part of `into`; and the other way round.
    void release(std::uint32_t thread, Knowledge& into);
    void acquire(std::uint32_t thread, const Knowledge& from) { mine_of(thread).merge(from); }

    void fence(std::uint32_t thread, Scope scope);
    [[nodiscard]] bool has_fenced(std::uint32_t thread) const { return block_fence_[thread] != 0; }
    // An atomic or volatile access to a location: what it publishes, and what it may learn once a
    // fence follows. `replaces`: a store, which ends what was told there before.
    void publish(std::uint32_t thread, std::uint64_t address, Locations& locations, bool replaces);
    void observe(std::uint32_t thread, std::uint64_t address, const Locations& locations);
    void wrote_global(std::uint32_t thread) { unfenced_[thread / kLanes] |= 1U << thread % kLanes; }
    void wrote_global(std::uint32_t warp, std::uint32_t lanes) { unfenced_[warp] |= lanes; }

private:
    [[nodiscard]] std::uint32_t tick() { return ++tick_; }
    [[nodiscard]] Knowledge& mine_of(std::uint32_t thread) {
        if (mine_.empty()) mine_.resize(time_.size());
        return mine_[thread];
    }
    [[nodiscard]] std::uint32_t lane_known(std::uint32_t thread, std::uint32_t lane) const {
        return lane_known_.empty() ? 0 : lane_known_[std::size_t{thread} * kLanes + lane];
    }
    void tell(std::uint32_t thread, std::uint32_t own_time, std::uint32_t before_time,
              Knowledge& into) const;

    std::uint32_t block_;
    std::uint32_t tick_ = 1;
    std::uint32_t epoch_ = 1;
    std::uint32_t fenced_before_ =
        0;  // accesses below are fenced, or by threads that wrote nothing
    std::vector<std::uint32_t> time_;
    std::vector<std::uint32_t> warp_epoch_;  // by warp
    // What only finer synchronisation needs is empty until there is some.
    std::vector<std::uint32_t> lane_known_;  // [thread][lane of its warp]: times up to and with
    std::vector<Knowledge> mine_;
    Knowledge common_;  // known to every thread of the block
    struct Pending {    // observed, and no fence since
        Knowledge knowledge;
        std::array<Told, 2> last;  // merged last, as spinning sees the same again and again
    };
    std::vector<Pending> pending_;
    std::vector<std::uint32_t> device_fence_;  // the thread's time at its last fence
    std::vector<std::uint32_t> block_fence_;   // of any scope
    std::vector<std::uint32_t> unfenced_;      // by warp, a bit for each lane
};

}  // namespace cupel::emulator

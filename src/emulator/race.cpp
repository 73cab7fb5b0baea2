// SPDX-License-Identifier: Apache-2.0
#include "emulator/race.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "emulator/split.hpp"

namespace cupel::emulator {
namespace {

enum Conflict : int { kWriteRead, kReadWrite, kWriteWrite };

struct Other {
    std::uint32_t who;
    std::uint32_t site;
};

void report(const Touch& touch, Other other, Conflict conflict, bool same_value) {
    const bool in_shared = touch.region.owner == Owner::Shared;
    const Event event{.fault = same_value  ? Fault::SameValueRace
                               : in_shared ? Fault::SharedRace
                                           : Fault::GlobalRace,
                      .site = touch.site,
                      .block = touch.block.index,
                      .thread = touch.thread,
                      .other_site = other.site,
                      .other_block = other.who >> kThreadBits,
                      .other_thread = other.who & kThreadMask,
                      .memory = touch.region.name,
                      .offset = touch.offset};
    touch.block.grid.findings.add(
        event, conflict, [&](const std::string& here, const std::string& there) {
            const bool far = event.block != event.other_block;
            const std::string_view reason =
                event.thread / kLanes == event.other_thread / kLanes && !far
                    ? "and nothing orders these lanes of a warp"
                : far ? "and nothing orders the two blocks"
                      : "no barrier between";
            const std::string where =
                in_shared ? std::string()
                          : fmt::format(" ({} at byte {})", touch.region.name, touch.offset);
            switch (conflict) {
                case kWriteRead:
                    return fmt::format("{} writes what {} reads, {}{}", here, there, reason, where);
                case kReadWrite:
                    return fmt::format("{} reads what {} writes, {}{}", here, there, reason, where);
                case kWriteWrite:
                    break;
            }
            return fmt::format("{} and {} both write{}, {}{}", here, there,
                               same_value ? " the same value" : "", reason, where);
        });
}

class Check {
public:
    explicit Check(const Touch& touch)
        : touch_(touch),
          clocks_(touch.block.clocks),
          block_(touch.block.id()),
          strong_(touch.block.grid.code.strong[touch.site] != 0),
          warp_who_((block_ << kThreadBits) | (touch.thread / kLanes * kLanes)),
          who_((block_ << kThreadBits) | touch.thread) {}

    void read(Trail& trail) const {
        against_writers(trail, kReadWrite, false);
        remember_read(trail);
    }

    void write(Trail& trail, bool same_value) const {
        against_writers(trail, kWriteWrite, same_value);
        against_readers(trail.read_who, trail.read_lanes, trail.read_time, trail.read_site);
        against_readers(trail.other_who, trail.other_lanes, trail.other_time, trail.other_site);
        const std::uint32_t now = clocks_.time_of(touch_.thread);
        if (!strong_) {
            // What came before is ordered, or told of: only this counts from now on.
            trail = {};
            trail.write_time = now;
            trail.write_who = who_;
            trail.write_site = touch_.site;
            return;
        }
        if (trail.strong_time != 0 && trail.strong_who != who_) {
            trail.lost_time = trail.strong_time;
            trail.lost_who = trail.strong_who;
        }
        trail.strong_time = now;
        trail.strong_who = who_;
        trail.strong_site = touch_.site;
    }

private:
    [[nodiscard]] bool both_strong(std::uint32_t other_site) const {
        return strong_ && touch_.block.grid.code.strong[other_site] != 0;
    }
    [[nodiscard]] bool unordered(std::uint32_t who, std::uint32_t time) const {
        if (time == 0 || who == who_) return false;
        if (who >> kThreadBits == block_ && time < clocks_.epoch()) return false;
        return !clocks_.before(touch_.thread, who >> kThreadBits, who & kThreadMask, time);
    }
    // Strong accesses race with plain ones only.
    void against_writers(const Trail& trail, Conflict conflict, bool same_value) const {
        if (unordered(trail.write_who, trail.write_time)) {
            report(touch_, {trail.write_who, trail.write_site}, conflict, same_value);
        }
        if (strong_) return;
        if (unordered(trail.strong_who, trail.strong_time)) {
            report(touch_, {trail.strong_who, trail.strong_site}, conflict, same_value);
        } else if (unordered(trail.lost_who, trail.lost_time)) {
            report(touch_, {trail.lost_who, trail.strong_site}, conflict, same_value);
        }
    }
    void against_readers(std::uint32_t who, std::uint32_t lanes, std::uint32_t time,
                         std::uint32_t site) const {
        if (time == 0 || both_strong(site)) return;
        if (who >> kThreadBits == block_ && time < clocks_.epoch()) return;
        for (; lanes != 0; lanes &= lanes - 1) {
            const std::uint32_t reader = who + static_cast<std::uint32_t>(std::countr_zero(lanes));
            if (!unordered(reader, time)) continue;
            report(touch_, {reader, site}, kWriteRead, false);
            return;
        }
    }
    void remember_read(Trail& trail) const {
        const std::uint32_t time = clocks_.time_of(touch_.thread);
        const std::uint32_t lane = 1U << (touch_.thread % kLanes);
        if (trail.read_who == warp_who_ && trail.read_time == time) {
            trail.read_lanes |= lane;
            return;
        }
        const bool stale = trail.read_time == 0 || (trail.read_who >> kThreadBits == block_ &&
                                                    trail.read_time < clocks_.epoch());
        if (!stale) {
            trail.other_time = trail.read_time;
            trail.other_who = trail.read_who;
            trail.other_lanes = trail.read_lanes;
            trail.other_site = trail.read_site;
        }
        trail.read_time = time;
        trail.read_who = warp_who_;
        trail.read_lanes = lane;
        trail.read_site = touch_.site;
    }

    const Touch& touch_;
    const Clocks& clocks_;
    std::uint32_t block_;
    bool strong_;
    std::uint32_t warp_who_;
    std::uint32_t who_;
};

// The reads of memory of one block for which no race is possible, told from few fields.
struct Glance {
    const Clocks& clocks;
    std::uint32_t epoch;
    std::uint32_t warp_who;
    std::uint32_t site;
    bool fine;

    // True: remembered, and nothing to report. `quiet` stays true where nothing
    // had to be remembered.
    [[nodiscard]] bool settles(Trail& trail, std::uint32_t thread, std::uint32_t lanes,
                               bool& quiet) const {
        if (std::max({trail.write_time, trail.strong_time, trail.lost_time}) >= epoch) return false;
        // Two warps have read it in this epoch: whoever writes to it meets one of those.
        if (!fine && trail.read_time >= epoch && trail.other_time >= epoch) return true;
        quiet = false;
        const std::uint32_t time = clocks.time_of(thread);
        if (trail.read_who == warp_who && trail.read_time == time) {
            trail.read_lanes |= lanes;
            return true;
        }
        if (trail.read_time >= epoch) return false;
        trail.read_time = time;
        trail.read_who = warp_who;
        trail.read_lanes = lanes;
        trail.read_site = site;
        return true;
    }
};

// This lane and those behind it up to the next leader.
std::uint32_t run_of(const Part& part, unsigned lane) {
    const std::uint32_t from = kAllLanes << lane;
    const std::uint32_t next = part.leaders & (from << 1);
    const std::uint32_t behind = next == 0 ? 0 : kAllLanes << std::countr_zero(next);
    return from & ~behind & part.mask;
}

}  // namespace

void race_read(const Touch& touch) {
    const Check check(touch);
    const std::uint64_t last = (touch.offset + touch.bytes - 1) / touch.region.grain;
    for (std::uint64_t i = touch.offset / touch.region.grain; i <= last; i++) {
        // What several blocks read and none writes races with nothing, and its trail is nobody's.
        if (!is_read_by_several(touch.region, i)) check.read(touch.region.trails[i]);
    }
}

bool race_read_all(Block& block, const Warp& warp, std::uint32_t site, const Part& part,
                   unsigned bytes) {
    Region& region = *part.region;
    const bool one_block = region.owner == Owner::Shared;
    const Glance glance{.clocks = block.clocks,
                        .epoch = block.clocks.epoch(),
                        .warp_who = (block.id() << kThreadBits) | (warp.index * kLanes),
                        .site = site,
                        .fine = block.grid.code.fine_order};
    const std::uint32_t shift = region.grain == 4 ? 2 : region.grain == 2 ? 1 : 0;
    const std::uint32_t count = std::max(1U, bytes >> shift);
    // Where only barriers of the block order, all lanes of a warp have one time: runs of lanes at
    // one place are one read.
    const std::uint32_t leaders = glance.fine ? part.mask : part.leaders;
    bool quiet = one_block;
    for_lanes(leaders, [&](unsigned i) {
        const std::uint32_t run = glance.fine ? 1U << i : run_of(part, i);
        Trail* const trails = region.trails.data() + (part.offsets[i] >> shift);
        bool settled = one_block;
        for (std::uint32_t j = 0; settled && j < count; j++)
            settled = glance.settles(trails[j], warp.thread(i), run, quiet);
        if (settled) return;
        quiet = false;
        for_lanes(run, [&](unsigned k) {
            race_read({.block = block,
                       .region = region,
                       .offset = part.offsets[k],
                       .bytes = bytes,
                       .thread = warp.thread(k),
                       .site = site});
        });
    });
    return quiet;
}

void race_write(const Touch& touch, const std::byte* value) {
    const Check check(touch);
    const bool same = value != nullptr &&
                      std::memcmp(touch.region.data.data() + touch.offset, value, touch.bytes) == 0;
    const std::uint64_t last = (touch.offset + touch.bytes - 1) / touch.region.grain;
    for (std::uint64_t i = touch.offset / touch.region.grain; i <= last; i++)
        check.write(touch.region.trails[i], same);
    if (touch.region.settled.empty()) return;
    for (std::uint64_t i = touch.offset / touch.region.grain; i <= last; i++)
        touch.region.settled[i] = 0;
}

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// The race check: an access against those before it to the same bytes that nothing orders.
#pragma once

#include <span>

#include "emulator/access.hpp"

namespace cupel::emulator {

// Who accesses what: one lane, some bytes at an offset of a region.
struct Touch {
    Block& block;
    Region& region;
    std::uint64_t offset = 0;
    unsigned bytes = 0;
    std::uint32_t thread = 0;
    std::uint32_t site = 0;
    bool changes = true;  // false: an atomic whose operand leaves any value as it is
};

void race_read(const Touch& touch);
// A strong load: may it be given the bytes that were there before the last strong write? PTX allows
// that where nothing orders the two, so in an order of blocks and warps that is drawn half of the
// loads are, if they ask (asked.cpp) and nobody has seen what was written. Else this one has.
[[nodiscard]] bool sees_old(const Touch& touch, std::array<std::byte, 16>& old);
// All lanes of a part, of which most are seen to be in order at a glance. True:
// two warps have read all of it since the last barrier of the block, and nobody
// has written to it.
bool race_read_all(Block& block, const Warp& warp, std::uint32_t site, const Part& part,
                   unsigned bytes);
// The writes of one instruction of a warp, lane by lane.
class Writer {
public:
    Writer(Block& block, const Warp& warp, Region& region, std::uint32_t site);

    // True: all that touched these bytes before comes before this plain write, as a glance shows,
    // and it is remembered. False: race_write has to look, and nothing is changed.
    [[nodiscard]] bool settles(std::uint64_t offset, unsigned bytes, unsigned lane) const {
        if (looks_closely_) return false;
        const std::uint64_t first = offset >> shift_;
        const std::uint64_t end = first + std::max(1U, bytes >> shift_);
        const std::uint32_t who = warp_who_ + lane;
        for (std::uint64_t i = first; i < end; i++) {
            if (!is_before(i, who, lane)) return false;
        }
        for (std::uint64_t i = first; i < end; i++)
            remember(i, who, lane);
        return true;
    }

    // The same of all lanes of a part. False: nothing is known, and nothing is changed.
    [[nodiscard]] bool settles_all(const Part& part, unsigned bytes) const;

private:
    [[nodiscard]] bool has_strong(const Part& part, std::uint32_t count) const;
    // By a barrier of the block. Of a word that nobody touched the time is 0.
    [[nodiscard]] bool is_old(std::uint32_t time, std::uint32_t who) const {
        return time == 0 || (time < epoch_ && who >> kThreadBits == warp_who_ >> kThreadBits);
    }
    [[nodiscard]] bool is_before(std::uint64_t i, std::uint32_t who, unsigned lane) const {
        const PlainWrite& plain = trails_.plain[i];
        if (!is_old(plain.time, plain.who) && plain.who != who) return false;
        const Reads& reads = trails_.reads[i];
        if (!is_old(reads.time, reads.who) &&
            (reads.who != warp_who_ || reads.lanes != 1U << lane)) {
            return false;
        }
        if (reads.time != 0 && !is_old(trails_.others[i].time, trails_.others[i].who)) return false;
        if (trails_.strong == nullptr) return true;
        const StrongWrite& strong = trails_.strong[i];
        return is_old(strong.time, strong.who) && is_old(strong.lost_time, strong.lost_who);
    }
    void remember(std::uint64_t i, std::uint32_t who, unsigned lane) const {
        trails_.plain[i] = {.time = times_[lane], .who = who, .site = site_, .moment = moment_};
        if (trails_.reads[i].time != 0) {
            trails_.reads[i] = {};
            trails_.others[i] = {};
        }
        if (trails_.strong != nullptr) trails_.strong[i] = {};
        if (!settled_.empty()) settled_[i] = 0;
    }

    const Trails& trails_;
    std::span<std::uint32_t> settled_;
    const std::uint32_t* times_;  // of the warp's lanes
    std::uint32_t epoch_;
    std::uint32_t warp_who_;
    std::uint32_t site_;
    std::uint32_t moment_;
    unsigned shift_;
    bool one_block_;      // nobody else can see the memory
    bool looks_closely_;  // at every write
};

// `value`: the bytes about to be stored, to tell races of equal values apart; null: not known.
void race_write(const Touch& touch, const std::byte* value);

}  // namespace cupel::emulator

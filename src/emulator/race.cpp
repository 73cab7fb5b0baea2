// SPDX-License-Identifier: Apache-2.0
#include "emulator/race.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "emulator/split.hpp"

namespace cupel::emulator {
namespace {

// Of one write, so that nobody waits long.
constexpr std::uint32_t kMostTold = 4;

enum class Conflict { WriteRead, ReadWrite, WriteWrite };

struct Other {
    std::uint32_t who;
    std::uint32_t site;
};

void report(const Touch& touch, Other other, Conflict conflict, bool same_value) {
    const auto& strong = touch.block.grid.code.strong;
    const bool both_strong = strong[touch.site] != kOrdinary && strong[other.site] != kOrdinary;
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
        event, static_cast<int>(conflict), [&](const std::string& here, const std::string& there) {
            const bool far = event.block != event.other_block;
            std::string reason = event.thread / kLanes == event.other_thread / kLanes && !far
                                     ? "and nothing orders these lanes of a warp"
                                 : far ? "and nothing orders the two blocks"
                                       : "no barrier between";
            // By the letter this is no race, but the answer is open all the same.
            const auto& narrow = touch.block.grid.code.narrow;
            const auto& widths = touch.block.grid.code.widths;
            if (both_strong && widths[touch.site] != widths[other.site]) {
                reason += fmt::format(": of {} and of {} bytes, neither is atomic to the other",
                                      widths[touch.site], widths[other.site]);
            } else if (both_strong && far && (narrow[touch.site] || narrow[other.site])) {
                reason += ": one is atomic or ordered towards its own block only";
            } else if (both_strong) {
                reason += ": volatile or atomic as both are, either may come first";
            }
            if (!both_strong && is_guess_gone_wrong(touch.block.grid.code, touch.site, other.site))
                reason += ": what a compare-and-swap starts from is to be read as volatile";
            const std::string where =
                in_shared ? std::string()
                          : fmt::format(" ({} at byte {})", touch.region.name, touch.offset);
            switch (conflict) {
                case Conflict::WriteRead:
                    return fmt::format("{} writes what {} reads, {}{}", here, there, reason, where);
                case Conflict::ReadWrite:
                    return fmt::format("{} reads what {} writes, {}{}", here, there, reason, where);
                case Conflict::WriteWrite:
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
          trails_(touch.region.trails),
          clocks_(touch.block.clocks),
          block_(touch.block.id()),
          kind_(kind_at_run_time(touch)),
          strong_(kind_ != kOrdinary),
          guesses_(kind_ == kGuess),
          warp_who_((block_ << kThreadBits) | (touch.thread / kLanes * kLanes)),
          who_((block_ << kThreadBits) | touch.thread) {}

    void read(std::uint64_t i) const {
        against_writers(i, Conflict::ReadWrite, false);
        if (guesses_) return;  // whoever writes later changes nothing for it
        remember_read(trails_.reads[i], trails_.others[i]);
    }

    void write(std::uint64_t i, bool same_value) const {
        against_writers(i, Conflict::WriteWrite, same_value);
        against_readers(trails_.reads[i]);
        against_readers(trails_.others[i]);
        const std::uint32_t now = clocks_.time_of(touch_.thread);
        const std::uint32_t moment = touch_.block.grid.moment;
        if (!strong_) {
            // What came before is ordered, or told of: only this counts from now on.
            trails_.plain[i] = {.time = now, .who = who_, .site = touch_.site, .moment = moment};
            trails_.reads[i] = {};
            trails_.others[i] = {};
            if (trails_.strong != nullptr) trails_.strong[i] = {};
            return;
        }
        trails_.plain[i].moment = moment;
        StrongWrite& last = trails_.strong[i];
        against_strong(last, same_value);
        const bool has_seen = kind_ >= kAtomic && !is_weak_towards(last.who, last.site);
        if (last.time != 0 && last.who != who_) {
            last.lost_time = last.time;
            last.lost_who = last.who;
            last.chained = has_seen;
        } else {
            last.chained = last.chained && has_seen;
        }
        last.time = now;
        last.who = who_;
        last.site = touch_.site;
        last.seen = 0;
        last.told = 0;
        last.kind = kind_;
        const std::size_t grain = touch_.region.grain;
        std::memcpy(&last.old, touch_.region.data.data() + i * grain, grain);
    }

    // Of the words from `first` to `end`; see sees_old.
    [[nodiscard]] bool take_old(std::uint64_t first, std::uint64_t end, std::byte* old) const {
        StrongWrite& one = trails_.strong[first];
        // Whoever fences may count on seeing what he has missed by then.
        bool may = kind_ == kAsks && one.told < kMostTold && unordered(one.who, one.time) &&
                   !clocks_.has_fenced(touch_.thread) && draws_old(one);
        for (std::uint64_t i = first; i < end; i++) {
            const StrongWrite& last = trails_.strong[i];
            may = may && last.who == one.who && last.time == one.time && last.seen == 0;
        }
        for (std::uint64_t i = first; i < end; i++) {
            const std::size_t grain = touch_.region.grain;
            if (may) std::memcpy(old + (i - first) * grain, &trails_.strong[i].old, grain);
            if (!may) trails_.strong[i].seen |= lane_bit();
        }
        if (may) one.told++;
        return may;
    }

private:
    [[nodiscard]] static std::uint8_t kind_at_run_time(const Touch& touch) {
        const std::uint8_t kind = touch.block.grid.code.strong[touch.site];
        return kind == kAtomicKeeps && !touch.changes ? kAtomicLooks : kind;
    }
    // The same whatever else goes on: by the seed, who reads what, and how often it was told.
    [[nodiscard]] bool draws_old(const StrongWrite& last) const {
        const std::uint64_t seed = touch_.block.grid.options.seed;
        if (seed == 0) return false;
        std::uint64_t state = seed ^ (std::uint64_t{who_} << 32) ^ touch_.offset ^
                              (std::uint64_t{last.time} << 20) ^ (std::uint64_t{last.told} << 60);
        return next_random(state) % 2 == 0;
    }
    [[nodiscard]] std::uint8_t kind_of(std::uint32_t site) const {
        return touch_.block.grid.code.strong[site];
    }
    [[nodiscard]] std::uint32_t lane_bit() const { return 1U << touch_.thread % kLanes; }
    // Of two strong accesses to one word: does it matter which comes first?
    [[nodiscard]] static bool clash(std::uint8_t reader, std::uint8_t writer) {
        if (reader == kAtomicLooks) return writer != kAtomicLooks;
        return reader == kTakes ||
               ((reader == kAtomicTakes || reader == kAtomicKeeps) && writer == kAsks);
    }
    // How much a read may meet in a write to come: a plain one any, one that asks plain ones only.
    [[nodiscard]] static unsigned rank(std::uint8_t kind) {
        return kind == kOrdinary ? 2 : kind == kTakes ? 1 : 0;
    }
    [[nodiscard]] bool is_old(const Reads& reads) const {
        return reads.time == 0 ||
               (reads.who >> kThreadBits == block_ && reads.time < clocks_.epoch());
    }
    [[nodiscard]] bool unordered(std::uint32_t who, std::uint32_t time) const {
        if (time == 0 || who == who_) return false;
        if (who >> kThreadBits == block_ && time < clocks_.epoch()) return false;
        return !clocks_.before(touch_.thread, who >> kThreadBits, who & kThreadMask, time);
    }
    // PTX ISA, 8.7.1: two accesses are strong towards each other where each is in the scope of the
    // other, and they overlap completely.
    [[nodiscard]] bool is_weak_towards(std::uint32_t who, std::uint32_t site) const {
        const std::vector<std::uint8_t>& widths = touch_.block.grid.code.widths;
        if (widths[touch_.site] != widths[site]) return true;
        const std::vector<bool>& narrow = touch_.block.grid.code.narrow;
        return who >> kThreadBits != block_ && (narrow[touch_.site] || narrow[site]);
    }
    void against_writers(std::uint64_t i, Conflict conflict, bool same_value) const {
        const PlainWrite& plain = trails_.plain[i];
        if (unordered(plain.who, plain.time))
            report(touch_, {plain.who, plain.site}, conflict, same_value);
        if (trails_.strong == nullptr) return;
        const StrongWrite& strong = trails_.strong[i];
        if (strong_ && kind_ != kTakes && !is_weak_towards(strong.who, strong.site)) return;
        // What an atomic has found comes before whatever that atomic comes before (PTX ISA, 8.10.6,
        // observation order): so the last of some blocks may set their counter back. A load is not
        // let off: that this thread's atomic was the last one may be the luck of one order.
        const bool follows = conflict == Conflict::WriteWrite && strong.chained;
        if (unordered(strong.who, strong.time)) {
            report(touch_, {strong.who, strong.site}, conflict, same_value);
        } else if (!follows && unordered(strong.lost_who, strong.lost_time)) {
            report(touch_, {strong.lost_who, strong.site}, conflict, same_value);
        }
    }
    // Of a strong write. Two stores leave it open what stays, unless one follows from having seen
    // the other; what an atomic puts to use may be what a store leaves.
    void against_strong(const StrongWrite& last, bool same_value) const {
        if (last.time != 0 && is_weak_towards(last.who, last.site)) return;  // told of
        const auto before = static_cast<std::uint8_t>(last.kind);
        if (!unordered(last.who, last.time)) {
            if (kind_ == kAtomicLooks && unordered(last.lost_who, last.lost_time))
                report(touch_, {last.lost_who, last.site}, Conflict::ReadWrite, false);
        } else if (clash(kind_, before)) {
            report(touch_, {last.who, last.site}, Conflict::ReadWrite, false);
        } else if (clash(before, kind_)) {
            report(touch_, {last.who, last.site}, Conflict::WriteRead, false);
        } else if (kind_ == kAsks && before == kAsks && !same_value &&
                   (last.seen & lane_bit()) == 0) {
            report(touch_, {last.who, last.site}, Conflict::WriteWrite, false);
        }
    }
    void against_readers(const Reads& reads) const {
        if (is_old(reads)) return;
        const bool meets = rank(kind_of(reads.site)) != 0 || is_weak_towards(reads.who, reads.site);
        if (strong_ && !meets) return;
        for (std::uint32_t lanes = reads.lanes; lanes != 0; lanes &= lanes - 1) {
            const std::uint32_t reader =
                reads.who + static_cast<std::uint32_t>(std::countr_zero(lanes));
            if (!unordered(reader, reads.time)) continue;
            report(touch_, {reader, reads.site}, Conflict::WriteRead, false);
            return;
        }
    }
    void remember_read(Reads& reads, Reads& others) const {
        const std::uint32_t time = clocks_.time_of(touch_.thread);
        const std::uint32_t lane = 1U << (touch_.thread % kLanes);
        const auto is_same = [&](const Reads& known) {
            return known.who == warp_who_ && known.time == time;
        };
        // What races with a plain read need not race with a strong one, so these are two.
        if (is_same(reads)) {
            for (Reads* known : {&reads, &others}) {
                if (!is_same(*known) || rank(kind_of(known->site)) != rank(kind_)) continue;
                known->lanes |= lane;
                return;
            }
        }
        // Two are remembered, one of them the one that may meet most.
        const bool kept = !is_old(others) && rank(kind_of(reads.site)) < rank(kind_of(others.site));
        if (!is_old(reads) && !kept) others = reads;
        reads = {.time = time, .who = warp_who_, .lanes = lane, .site = touch_.site};
    }

    const Touch& touch_;
    const Trails& trails_;
    const Clocks& clocks_;
    std::uint32_t block_;
    std::uint8_t kind_;
    bool strong_;
    bool guesses_;
    std::uint32_t warp_who_;
    std::uint32_t who_;
};

// The reads for which no race is possible, told from few fields.
struct Glance {
    const PlainWrite* plain_writes;
    const StrongWrite* strong_writes;  // null where there are none
    const std::uint8_t* strong;        // by site
    Reads* all_reads;
    Reads* all_others;
    std::uint32_t epoch;
    std::uint32_t warp_who;
    std::uint32_t site;
    bool fine;
    bool one_time;   // of all lanes
    bool one_block;  // nobody else can see the memory

    [[nodiscard]] bool is_old(std::uint32_t time, std::uint32_t who) const {
        return time == 0 || (time < epoch && who >> kThreadBits == warp_who >> kThreadBits);
    }
    // True: remembered, and nothing to report. `quiet` stays true where nothing
    // had to be remembered. Those of `lanes` read here, `first` of them first.
    [[nodiscard, gnu::always_inline]] bool settles(std::uint64_t i, std::uint32_t time,
                                                   std::uint32_t lanes, std::uint32_t first,
                                                   bool& quiet) const {
        const PlainWrite& plain = plain_writes[i];
        if (!is_old(plain.time, plain.who)) return false;
        if (strong_writes != nullptr) {
            const StrongWrite& last = strong_writes[i];
            if (!is_old(last.time, last.who) || !is_old(last.lost_time, last.lost_who))
                return false;
        }
        Reads& reads = all_reads[i];
        Reads& others = all_others[i];
        // Two warps have read it in this epoch: whoever writes to it meets one of those, unless one
        // is strong, as with that no strong write races.
        if (one_block && !fine && reads.time >= epoch && others.time >= epoch &&
            (strong_writes == nullptr || (strong[reads.site] | strong[others.site]) == 0))
            return true;
        quiet = false;
        if (reads.who == warp_who && reads.time == time) {
            if (strong_writes != nullptr && strong[reads.site] != strong[site]) return false;
            reads.lanes |= lanes;
            return true;
        }
        const bool behind = !is_old(reads.time, reads.who);
        if (behind && (!one_time || (strong_writes != nullptr && strong[reads.site] != 0)))
            return false;
        if (behind) others = reads;
        // With that two warps are known to have read it: the lanes that come later add nothing.
        const std::uint32_t kept = behind && one_block && !fine ? first : lanes;
        reads = {.time = time, .who = warp_who, .lanes = kept, .site = site};
        return true;
    }
};

bool have_one_time(const std::uint32_t* times, std::uint32_t lanes) {
    const std::uint32_t first = times[std::countr_zero(lanes)];
    std::uint32_t different = 0;
    if (lanes == kAllLanes) {
        for (unsigned i = 0; i < kLanes; i++)
            different |= times[i] ^ first;
    } else {
        for_lanes(lanes, [&](unsigned i) { different |= times[i] ^ first; });
    }
    return different == 0;
}

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
        if (!is_read_by_several(touch.region, i)) check.read(i);
    }
}

bool sees_old(const Touch& touch, std::array<std::byte, 16>& old) {
    if (touch.region.trails.empty()) return false;
    const std::uint64_t first = touch.offset / touch.region.grain;
    const std::uint64_t last = (touch.offset + touch.bytes - 1) / touch.region.grain;
    return Check(touch).take_old(first, last + 1, old.data());
}

namespace {

void read_by_lane(const Warp& warp, std::uint32_t site, const Part& part, std::uint32_t lanes,
                  unsigned bytes) {
    for_lanes(lanes, [&](unsigned lane) {
        race_read({.block = *warp.block,
                   .region = *part.region,
                   .offset = part.offsets[lane],
                   .bytes = bytes,
                   .thread = warp.thread(lane),
                   .site = site});
    });
}

}  // namespace

bool race_read_all(Block& block, const Warp& warp, std::uint32_t site, const Part& part,
                   unsigned bytes) {
    const Region& region = *part.region;
    if (block.grid.code.strong[site] == kGuess) {
        read_by_lane(warp, site, part, part.mask, bytes);
        return false;
    }
    const bool one_block = region.owner == Owner::Shared;
    const Glance glance{.plain_writes = region.trails.plain.get(),
                        .strong_writes = region.trails.strong.get(),
                        .strong = block.grid.code.strong.data(),
                        .all_reads = region.trails.reads.get(),
                        .all_others = region.trails.others.get(),
                        .epoch = block.clocks.epoch(),
                        .warp_who = (block.id() << kThreadBits) | (warp.index * kLanes),
                        .site = site,
                        .fine = block.grid.code.fine_order,
                        .one_time = have_one_time(block.clocks.times_of(warp.index), part.mask),
                        .one_block = one_block};
    const std::uint32_t shift = region.grain == 4 ? 2 : region.grain == 2 ? 1 : 0;
    const std::uint32_t count = std::max(1U, bytes >> shift);
    // Where only barriers of the block order, all lanes of a warp have one time: runs of lanes at
    // one place are one read.
    const bool by_lane = glance.fine || (!one_block && !glance.one_time);
    const std::uint32_t leaders = by_lane ? part.mask : part.leaders;
    bool quiet = one_block;
    // While blocks run side by side, a trail of what several read is nobody's: race_read knows.
    const bool glances = one_block || (region.owners.empty() && block.grid.options.shortcuts);
    const Shape* const shape = part.shape;
    if (glances && !by_lane && glance.one_time && shape != nullptr && shape->word_count != 0 &&
        shape->grain == region.grain) {
        const std::uint64_t start = part.start() >> shift;
        const std::uint32_t time = block.clocks.times_of(warp.index)[std::countr_zero(part.mask)];
        bool settled = true;
        for (std::uint32_t w = 0; settled && w < shape->word_count; w++) {
            const SharedWord& word = shape->words[w];
            settled = glance.settles(start + static_cast<std::uint64_t>(std::int64_t{word.from}),
                                     time, word.lanes, word.first, quiet);
        }
        // If not, what was remembered is remembered again below, and is the same then.
        if (settled) return quiet;
    }
    for_lanes(leaders, [&](unsigned i) {
        const std::uint32_t run = by_lane ? 1U << i : run_of(part, i);
        const std::uint64_t first = part.offsets[i] >> shift;
        bool settled = glances;
        for (std::uint64_t j = first; settled && j < first + count; j++)
            settled = glance.settles(j, block.clocks.time_of(warp.thread(i)), run, run, quiet);
        if (settled) return;
        quiet = false;
        read_by_lane(warp, site, part, run, bytes);
    });
    return quiet;
}

Writer::Writer(Block& block, const Warp& warp, Region& region, std::uint32_t site)
    : trails_(region.trails),
      settled_(region.settled),
      times_(block.clocks.times_of(warp.index)),
      epoch_(block.clocks.epoch()),
      warp_who_((block.id() << kThreadBits) | (warp.index * kLanes)),
      site_(site),
      moment_(block.grid.moment),
      shift_(region.grain == 4   ? 2
             : region.grain == 2 ? 1
                                 : 0),
      one_block_(region.owner == Owner::Shared),
      looks_closely_(block.grid.code.strong[site] != 0 || !block.grid.options.shortcuts) {}

bool Writer::settles_all(const Part& part, unsigned bytes) const {
    if (looks_closely_ || part.shape == nullptr || !part.shape->apart) return false;
    const std::uint32_t count = std::max(1U, bytes >> shift_);
    PlainWrite* const plain = trails_.plain.get();
    const Reads* const reads = trails_.reads.get();
    // Of memory that other blocks see, a word without a read has no other.
    const Reads* const others = one_block_ ? trails_.others.get() : reads;
    std::uint32_t last = 0;
    for_lanes(part.mask, [&](unsigned lane) {
        const std::uint32_t first = part.offsets[lane] >> shift_;
        for (std::uint32_t i = first; i < first + count; i++)
            last = std::max(std::max(last, plain[i].time), std::max(reads[i].time, others[i].time));
    });
    // What is older than the block's last barrier is as good as nothing, where no other block is.
    if (one_block_ ? last >= epoch_ : last != 0) return false;
    if (trails_.strong != nullptr && has_strong(part, count)) return false;
    for_lanes(part.mask, [&](unsigned lane) {
        const std::uint32_t first = part.offsets[lane] >> shift_;
        for (std::uint32_t i = first; i < first + count; i++) {
            plain[i] = {
                .time = times_[lane], .who = warp_who_ + lane, .site = site_, .moment = moment_};
        }
    });
    for_lanes(settled_.empty() ? 0 : part.mask, [&](unsigned lane) {
        std::fill_n(settled_.data() + (part.offsets[lane] >> shift_), count, 0);
    });
    return true;
}

bool Writer::has_strong(const Part& part, std::uint32_t count) const {
    bool found = false;
    for_lanes(part.mask, [&](unsigned lane) {
        const std::uint32_t first = part.offsets[lane] >> shift_;
        for (std::uint32_t i = first; i < first + count; i++)
            found = found || trails_.strong[i].time != 0;
    });
    return found;
}

void race_write(const Touch& touch, const std::byte* value) {
    const Check check(touch);
    const bool same = value != nullptr &&
                      std::memcmp(touch.region.data.data() + touch.offset, value, touch.bytes) == 0;
    const std::uint64_t last = (touch.offset + touch.bytes - 1) / touch.region.grain;
    for (std::uint64_t i = touch.offset / touch.region.grain; i <= last; i++)
        check.write(i, same);
    if (touch.region.settled.empty()) return;
    for (std::uint64_t i = touch.offset / touch.region.grain; i <= last; i++)
        touch.region.settled[i] = 0;
}

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// What a checked access does besides moving bytes.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "emulator/access.hpp"
#include "emulator/race.hpp"

namespace cupel::emulator {
namespace {

constexpr std::uint64_t kDoubtBytes =
    0x0101'0101'0101'0101U * (kPoison | kFromEnvironment | kInFlight);
constexpr std::uint64_t kEveryRead = 0x0101'0101'0101'0101U * kRead;

// Distinct sectors of 32 bytes.
unsigned sectors(const Part& part, unsigned bytes) {
    if (part.pattern == Part::Pattern::Uniform) return 1;
    if (part.pattern == Part::Pattern::Consecutive) {
        return static_cast<unsigned>((part.offsets[31] + bytes - 1) / 32 - part.offsets[0] / 32 +
                                     1);
    }
    std::array<std::uint32_t, kLanes> seen;
    unsigned count = 0;
    for_lanes(part.mask, [&](unsigned i) {
        const std::uint32_t sector = part.offsets[i] / 32;
        for (unsigned j = count; j-- > 0;) {
            if (seen[j] == sector) return;
        }
        seen[count++] = sector;
    });
    return count;
}

// How often the 32 banks of 4 bytes must be asked. Wide accesses go in halves or quarters of a
// warp.
unsigned wavefronts(const Part& part, unsigned bytes) {
    if (part.pattern == Part::Pattern::Uniform) return 1;
    if (part.pattern == Part::Pattern::Consecutive) return std::max(1U, bytes / 4);
    const std::uint32_t lanes = part.leaders != 0 ? part.leaders : part.mask;
    const unsigned lanes_at_once = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
    unsigned total = 0;
    for (unsigned from = 0; from < kLanes; from += lanes_at_once) {
        std::array<std::uint32_t, kLanes> asked;  // the word that each bank was asked for first
        asked.fill(kNoIndex);
        std::array<std::uint8_t, kLanes> more{};
        unsigned most = 0;
        for (unsigned i = from; i < from + lanes_at_once; i++) {
            if (((lanes >> i) & 1) == 0) continue;
            most = std::max(most, 1U);
            for (unsigned w = 0; w < std::max(1U, bytes / 4); w++) {
                const std::uint32_t word = part.offsets[i] / 4 + w;
                std::uint32_t& first = asked[word % kLanes];
                if (first == kNoIndex) first = word;
                if (first != word) most = std::max<unsigned>(most, 1U + ++more[word % kLanes]);
            }
        }
        total += most;
    }
    return total;
}

// Of 1, 2, 4, 8 or 16 bytes, at a multiple of that; of 16 those that lie 8 apart as one.
std::uint64_t shades_at(const std::uint8_t* shadow, unsigned bytes) {
    const auto load = []<class T>(const std::uint8_t* from, T) {
        const void* const place = from;
        return std::uint64_t{
            __atomic_load_n(static_cast<const Aliased<T>*>(place), __ATOMIC_RELAXED)};
    };
    if (bytes == 4) return load(shadow, std::uint32_t{});
    if (bytes == 8) return load(shadow, std::uint64_t{});
    if (bytes == 2) return load(shadow, std::uint16_t{});
    if (bytes == 1) return load(shadow, std::uint8_t{});
    const std::uint64_t low = load(shadow, std::uint64_t{});
    const std::uint64_t high = load(shadow + 8, std::uint64_t{});
    // A bit that tells of all bytes must be in both.
    return ((low | high) & ~kEveryRead) | (low & high & kEveryRead);
}

// Is there nothing to tell of the bytes? Marks them as read, where that is asked of a region.
bool read_clean(const Part& part, unsigned bytes) {
    Region& region = *part.region;
    const bool covers = region.owner == Owner::Buffer;
    std::uint64_t doubt = 0;
    const std::uint64_t read = kEveryRead >> (8 * (8 - std::min(bytes, 8U)));
    // Other threads may be marking the same bytes: what is loaded and stored here is atomic.
    const auto look = [&](std::uint8_t* shadow) __attribute__((always_inline)) {
        const std::uint64_t word = shades_at(shadow, bytes);
        doubt |= word;
        if (covers && (word & read) != read) {
            for (unsigned b = 0; b < bytes; b++)
                __atomic_fetch_or(shadow + b, kRead, __ATOMIC_RELAXED);
        }
    };
    std::uint8_t* const start = region.shadow.data();
    if (part.pattern == Part::Pattern::Uniform) {
        look(start + part.offsets[0]);
    } else {
        for_lanes(part.leaders, [&](unsigned i) { look(start + part.offsets[i]); });
    }
    return (doubt & kDoubtBytes) == 0;
}

// A tile in shared memory is read by many warps again and again between two
// barriers. Once two of them have read a word, and it is known to hold no
// doubt, whoever else reads it changes nothing: who writes to it meets one of
// the two, and unsettles it.
bool is_settled(const Part& part, unsigned bytes, std::uint32_t epoch) {
    const Region& region = *part.region;
    if (region.settled.empty()) return false;
    const std::uint32_t* const settled = region.settled.data();
    const unsigned shift = region.grain == 4 ? 2 : region.grain == 2 ? 1 : 0;
    const unsigned count = std::max(1U, bytes >> shift);
    const unsigned lanes = part.pattern == Part::Pattern::Uniform ? 1 : kLanes;
    std::uint32_t different = 0;
    for (unsigned i = 0; i < lanes; i++) {
        const std::uint32_t word = part.offsets[i] >> shift;
        for (unsigned w = 0; w < count; w++)
            different |= settled[word + w] ^ epoch;
    }
    return different == 0;
}

void settle(const Part& part, unsigned bytes, std::uint32_t epoch) {
    Region& region = *part.region;
    const unsigned count = std::max(1U, bytes / region.grain);
    for_lanes(part.leaders, [&](unsigned i) {
        for (unsigned w = 0; w < count; w++)
            region.settled[part.offsets[i] / region.grain + w] = epoch;
    });
}

}  // namespace

void report_in_flight(const Warp& warp, const Op& op, unsigned lane, const Part& part) {
    Event event = warp.block->event(warp, lane, op, Fault::AsyncHazard);
    event.memory = part.region->name;
    event.offset = part.offsets[lane];
    warp.block->grid.findings.add(event, 0, [&](const std::string& here, const std::string&) {
        return fmt::format("{} touches byte {} of {}, into which an asynchronous copy is under way",
                           here, event.offset, part.region->name);
    });
}

Taint check_load(const Warp& warp, const Op& op, const Part& part, unsigned bytes) {
    Region& region = *part.region;
    const std::uint32_t epoch = warp.block->clocks.epoch();
    if (is_settled(part, bytes, epoch)) return {};
    bool quiet = false;
    if (!region.trails.empty()) quiet = race_read_all(*warp.block, warp, op.site, part, bytes);
    Taint taint;
    if (read_clean(part, bytes)) {
        if (quiet && !region.settled.empty()) settle(part, bytes, epoch);
        return taint;
    }
    for_lanes(part.mask, [&](unsigned i) {
        const std::uint8_t* const shadow = region.shadow.data() + part.offsets[i];
        std::uint8_t seen = 0;
        for (unsigned b = 0; b < bytes; b++)
            seen |= shadow[b];
        taint.poison |= std::uint32_t{(seen & kPoison) != 0} << i;
        taint.environment |= std::uint32_t{(seen & kFromEnvironment) != 0} << i;
        if ((seen & kInFlight) != 0) report_in_flight(warp, op, i, part);
    });
    return taint;
}

void shade_stored(const Warp& warp, const Part& part, unsigned bytes, unsigned at, Taint taint) {
    Region& region = *part.region;
    const std::uint8_t keep = kRead;
    for_lanes(part.mask & warp.mask, [&](unsigned i) {
        std::uint8_t* const shadow = region.shadow.data() + part.offsets[i] + at;
        const auto colour =
            static_cast<std::uint8_t>(kWritten | (((taint.poison >> i) & 1) != 0 ? kPoison : 0) |
                                      (((taint.environment >> i) & 1) != 0 ? kFromEnvironment : 0));
        for (unsigned b = 0; b < bytes; b++)
            shadow[b] = static_cast<std::uint8_t>((shadow[b] & keep) | colour);
    });
}

namespace {

// Accesses of one instruction mostly have one pattern, at another place each
// time. Banks repeat, so that conflicts are those of the pattern.
unsigned known_wavefronts(Pattern& known, const Part& part, unsigned bytes) {
    const std::uint32_t lanes = part.leaders != 0 ? part.leaders : part.mask;
    std::uint32_t different = (known.lanes ^ lanes) | (known.bytes ^ bytes);
    for (unsigned i = 0; i < kLanes; i++)
        different |= known.offsets[i] ^ (part.offsets[i] - part.offsets[0]);
    if (different == 0) return known.wavefronts;
    known.lanes = lanes;
    known.bytes = bytes;
    known.wavefronts = wavefronts(part, bytes);
    for (unsigned i = 0; i < kLanes; i++)
        known.offsets[i] = part.offsets[i] - part.offsets[0];
    return known.wavefronts;
}

}  // namespace

void count_access(const Warp& warp, const Op& op, const Part& part, unsigned bytes) {
    Tally& tally = warp.block->grid.tally;
    if (part.mask == 0) return;
    if (part.region->owner == Owner::Shared) {
        tally.shared_requests++;
        if (part.pattern == Part::Pattern::Scattered) {
            tally.shared_wavefronts +=
                known_wavefronts(warp.block->grid.patterns[op.site], part, bytes);
        } else {
            tally.shared_wavefronts += wavefronts(part, bytes);
        }
    } else if (part.region->owner != Owner::Local) {
        tally.global_requests++;
        tally.global_sectors += sectors(part, bytes);
        tally.global_bytes +=
            std::uint64_t{bytes} * static_cast<unsigned>(std::popcount(part.mask));
    }
}

void synchronise_load(const Warp& warp, const Op& op, const Part& part) {
    if ((op.flags & kStrong) == 0 || part.mask == 0) return;
    Block& block = *warp.block;
    const bool in_shared = part.region->owner == Owner::Shared;
    Locations& locations = in_shared ? block.locations : block.grid.locations;
    const Scope scope = (op.flags & kBlockScope) != 0 ? Scope::Block : Scope::Device;
    for_lanes(part.mask, [&](unsigned i) {
        block.clocks.observe(warp.thread(i), part.region->base + part.offsets[i], locations);
        if ((op.flags & kAcquire) != 0) block.clocks.fence(warp.thread(i), scope);
    });
}

void synchronise_store(const Warp& warp, const Op& op, const Part& part, bool replaces) {
    Block& block = *warp.block;
    const bool in_shared = part.region->owner == Owner::Shared;
    if (!in_shared && part.region->owner != Owner::Local) {
        for_lanes(part.mask, [&](unsigned i) { block.clocks.wrote_global(warp.thread(i)); });
    }
    if ((op.flags & kStrong) == 0) return;
    Locations& locations = in_shared ? block.locations : block.grid.locations;
    const Scope scope = (op.flags & kBlockScope) != 0 ? Scope::Block : Scope::Device;
    for_lanes(part.mask, [&](unsigned i) {
        if ((op.flags & kRelease) != 0) block.clocks.fence(warp.thread(i), scope);
        block.clocks.publish(warp.thread(i), part.region->base + part.offsets[i], locations,
                             replaces);
    });
}

}  // namespace cupel::emulator

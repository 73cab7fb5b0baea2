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

void report_in_flight(const Warp& warp, const Op& op, unsigned lane, const Part& part) {
    Event event = warp.block->event(warp, lane, op, Fault::AsyncHazard);
    event.memory = part.region->name;
    event.offset = part.offsets[lane];
    warp.block->grid.findings.add(event, 0, [&](const std::string& here, const std::string&) {
        return fmt::format("{} touches byte {} of {}, into which an asynchronous copy is under way",
                           here, event.offset, part.region->name);
    });
}

// Distinct sectors of 32 bytes.
unsigned sectors(const Part& part, unsigned bytes) {
    if (part.consecutive) {
        return static_cast<unsigned>((part.offsets[31] + bytes - 1) / 32 - part.offsets[0] / 32 +
                                     1);
    }
    std::array<std::uint64_t, kLanes> seen;
    unsigned count = 0;
    for_lanes(part.mask, [&](unsigned i) {
        const std::uint64_t sector = part.offsets[i] / 32;
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
    if (part.consecutive) return std::max(1U, bytes / 4);
    const unsigned lanes_at_once = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
    unsigned total = 0;
    for (unsigned from = 0; from < kLanes; from += lanes_at_once) {
        std::array<std::uint8_t, kLanes> depth{};
        std::array<std::uint64_t, kLanes> last{};  // the word that the bank was asked for last
        unsigned most = 0;
        for (unsigned i = from; i < from + lanes_at_once; i++) {
            if (((part.mask >> i) & 1) == 0) continue;
            for (unsigned w = 0; w < std::max(1U, bytes / 4); w++) {
                const std::uint64_t word = part.offsets[i] / 4 + w;
                const unsigned bank = word % kLanes;
                if (depth[bank] != 0 && last[bank] == word) continue;
                last[bank] = word;
                most = std::max<unsigned>(most, ++depth[bank]);
            }
        }
        total += most;
    }
    return total;
}

// Nothing doubtful in the bytes of 32 lanes in a row; marks them as read.
bool read_clean(std::uint8_t* shadow, std::size_t bytes) {
    std::uint64_t doubt = 0;
    for (std::size_t i = 0; i < bytes; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, shadow + i, 8);
        doubt |= word & kDoubtBytes;
    }
    if (doubt != 0) return false;
    for (std::size_t i = 0; i < bytes; i++)
        shadow[i] |= kRead;
    return true;
}

}  // namespace

Taint check_load(const Warp& warp, const Op& op, const Part& part, unsigned bytes) {
    Region& region = *part.region;
    if (!region.trails.empty()) {
        for_lanes(part.mask, [&](unsigned i) {
            race_read({.block = *warp.block,
                       .region = region,
                       .offset = part.offsets[i],
                       .bytes = bytes,
                       .thread = warp.thread(i),
                       .site = op.site});
        });
    }
    Taint taint;
    if (part.consecutive && bytes * kLanes % 8 == 0 &&
        read_clean(region.shadow.data() + part.offsets[0], std::size_t{bytes} * kLanes)) {
        return taint;
    }
    for_lanes(part.mask, [&](unsigned i) {
        std::uint8_t* const shadow = region.shadow.data() + part.offsets[i];
        std::uint8_t seen = 0;
        for (unsigned b = 0; b < bytes; b++) {
            seen |= shadow[b];
            shadow[b] |= kRead;
        }
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

void count_access(const Warp& warp, const Op& op, const Part& part, unsigned bytes) {
    (void)op;
    Tally& tally = warp.block->grid.tally;
    if (part.mask == 0) return;
    if (part.region->owner == Owner::Shared) {
        tally.shared_requests++;
        tally.shared_wavefronts += wavefronts(part, bytes);
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

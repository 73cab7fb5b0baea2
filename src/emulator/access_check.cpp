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
constexpr std::uint8_t kKept = kRead | kReadAsConstant;  // by a write

// use(offset, bytes) for each piece of a part that has them.
template <class Use>
[[gnu::always_inline]] inline void for_runs(const Part& part, Use use) {
    const std::uint32_t start = part.start();
    for (std::uint32_t i = 0; i < part.shape->run_count; i++) {
        const Run& run = part.shape->runs[i];
        use(start + static_cast<std::uint32_t>(run.from), run.bytes);
    }
}

unsigned sectors_of_runs(const Part& part) {
    unsigned count = 0;
    std::uint32_t last = kNoIndex;
    for_runs(part, [&](std::uint32_t from, std::uint32_t bytes) {
        const std::uint32_t end = (from + bytes - 1) / 32;
        count += end - from / 32 + (from / 32 == last ? 0 : 1);
        last = end;
    });
    return count;
}

// Distinct sectors of 32 bytes.
unsigned sectors(const Part& part, unsigned bytes) {
    if (part.pattern == Pattern::Uniform) return 1;
    if (part.pattern == Pattern::Consecutive) {
        return static_cast<unsigned>((part.offsets[31] + bytes - 1) / 32 - part.offsets[0] / 32 +
                                     1);
    }
    if (part.has_runs()) return sectors_of_runs(part);
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

// Wide accesses are made in halves or quarters of a warp: those with a lane in them.
unsigned groups(std::uint32_t mask, unsigned bytes) {
    if (bytes <= 4) return 1;
    const unsigned lanes = bytes == 8 ? 16 : 8;
    unsigned count = 0;
    for (unsigned from = 0; from < kLanes; from += lanes)
        count += ((mask >> from) & ((std::uint32_t{1} << lanes) - 1)) != 0 ? 1U : 0U;
    return count;
}

// How often the 32 banks of 4 bytes must be asked. Wide accesses go in halves or quarters of a
// warp.
unsigned wavefronts(const Part& part, unsigned bytes) {
    if (part.pattern == Pattern::Uniform) return 1;
    if (part.pattern == Pattern::Consecutive) return std::max(1U, bytes / 4);
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

// What the bytes of one shadow hold, taken together. With Mark, those not yet marked as read are.
// Other threads may be marking the same bytes: what is loaded and stored here is atomic. Only bytes
// that are read are stored to, which nobody may write at that time, so that what two threads store
// differs in nothing but marks, and all of these are set.
template <class Word, bool Mark>
[[gnu::always_inline]] inline std::uint64_t look_at(std::uint8_t* shadow) {
    constexpr auto kMarks = static_cast<Word>(kEveryRead);
    void* const place = shadow;
    auto* const word = static_cast<Aliased<Word>*>(place);
    const Word seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    if (Mark && (seen & kMarks) != kMarks) {
        __atomic_store_n(word, static_cast<Word>(seen | kMarks), __ATOMIC_RELAXED);
    }
    return seen;
}

template <bool Mark>
std::uint64_t look_at_run(std::uint8_t* shadow, std::uint32_t bytes) {
    std::uint64_t seen = 0;
    const auto misplaced = [&](std::uintptr_t width) {
        return (std::bit_cast<std::uintptr_t>(shadow) & (width - 1)) != 0;
    };
    while (bytes != 0) {
        std::uint32_t width = 8;
        if (bytes < 8 || misplaced(8)) width = bytes < 4 || misplaced(4) ? 1 : 4;
        if (width == 8) {
            seen |= look_at<std::uint64_t, Mark>(shadow);
        } else if (width == 4) {
            seen |= look_at<std::uint32_t, Mark>(shadow);
        } else {
            seen |= look_at<std::uint8_t, Mark>(shadow);
        }
        shadow += width;
        bytes -= width;
    }
    return seen;
}

// Is there nothing to tell of the bytes? Marks them as read, where that is asked of a region.
template <bool Mark>
bool is_clean(const Part& part, unsigned bytes) {
    std::uint8_t* const shadow = part.region->shadow.data();
    std::uint64_t seen = 0;
    if (part.has_runs()) {
        for_runs(part, [&](std::uint32_t from, std::uint32_t length) {
            seen |= look_at_run<Mark>(shadow + from, length);
        });
    } else if (part.pattern == Pattern::Uniform) {
        seen = look_at_run<Mark>(shadow + part.offsets[0], bytes);
    } else {
        for_lanes(part.leaders,
                  [&](unsigned i) { seen |= look_at_run<Mark>(shadow + part.offsets[i], bytes); });
    }
    return (seen & kDoubtBytes) == 0;
}

void settle(const Part& part, unsigned bytes, std::uint32_t epoch) {
    Region& region = *part.region;
    const auto fill = [&](std::uint32_t from, std::uint32_t length) {
        std::fill_n(region.settled.data() + from / region.grain,
                    std::max(1U, length / region.grain), epoch);
    };
    if (part.has_runs()) {
        for_runs(part, fill);
    } else {
        for_lanes(part.leaders, [&](unsigned i) { fill(part.offsets[i], bytes); });
    }
}

}  // namespace

bool is_in_flight(const std::uint8_t* shadow, unsigned bytes) {
    return std::any_of(shadow, shadow + bytes, [](const std::uint8_t& shade) {
        return (__atomic_load_n(&shade, __ATOMIC_RELAXED) & kInFlight) != 0;
    });
}

void report_in_flight(const Warp& warp, std::uint32_t site, unsigned lane, const Part& part) {
    const Event event{.fault = Fault::AsyncHazard,
                      .site = site,
                      .block = warp.block->index,
                      .thread = warp.thread(lane),
                      .memory = part.region->name,
                      .offset = part.offsets[lane]};
    warp.block->grid.findings.add(event, 0, [&](const std::string& here, const std::string&) {
        return fmt::format("{} touches byte {} of {}, into which an asynchronous copy is under way",
                           here, event.offset, part.region->name);
    });
}

Taint taint_in_memory(const Part& part, unsigned at, unsigned bytes) {
    Taint taint;
    for_lanes(part.mask, [&](unsigned i) {
        const std::uint8_t* const shadow = part.region->shadow.data() + part.offsets[i] + at;
        std::uint8_t seen = 0;
        for (unsigned b = 0; b < bytes; b++)
            seen |= __atomic_load_n(shadow + b, __ATOMIC_RELAXED);  // others may be marking it
        taint.poison |= std::uint32_t{(seen & kPoison) != 0} << i;
        taint.environment |= std::uint32_t{(seen & kFromEnvironment) != 0} << i;
    });
    return taint;
}

std::uint8_t poison_in_memory(const Part& part, unsigned lane, unsigned at, unsigned bytes) {
    const std::uint8_t* const shadow = part.region->shadow.data() + part.offsets[lane] + at;
    unsigned found = 0;
    for (unsigned b = 0; b < bytes; b++) {
        const std::uint8_t seen = __atomic_load_n(shadow + b, __ATOMIC_RELAXED);
        found |= unsigned{(seen & kPoison) != 0} << b;
    }
    return static_cast<std::uint8_t>(found);
}

void clear_poison(const Part& part, unsigned lane, unsigned at, unsigned bytes,
                  std::uint8_t poisoned) {
    std::uint8_t* const shadow = part.region->shadow.data() + part.offsets[lane] + at;
    for (unsigned b = 0; b < bytes; b++) {
        if (((unsigned{poisoned} >> b) & 1U) == 0)
            shadow[b] = static_cast<std::uint8_t>(shadow[b] & ~unsigned{kPoison});
    }
}

Taint check_unsettled(const Warp& warp, const Part& part, std::uint32_t site, unsigned bytes) {
    Region& region = *part.region;
    bool quiet = false;
    if (!region.trails.empty()) {
        quiet = race_read_all(*warp.block, warp, site, part, bytes);
        const Grid& grid = warp.block->grid;
        const bool far = region.owner != Owner::Shared && grid.blocks > 1;
        if (far && grid.code.blocks_communicate) check_first_cache(warp, part, site, bytes);
    }
    const bool covers = region.owner == Owner::Buffer;
    if (covers ? is_clean<true>(part, bytes) : is_clean<false>(part, bytes)) {
        if (quiet && !region.settled.empty()) settle(part, bytes, warp.block->clocks.epoch());
        return {};
    }
    for_lanes(part.mask, [&](unsigned i) {
        const std::uint8_t* const shadow = region.shadow.data() + part.offsets[i];
        if (is_in_flight(shadow, bytes)) report_in_flight(warp, site, i, part);
    });
    return taint_in_memory(part, 0, bytes);
}

// Other threads may be marking the same bytes: see look_at.
void mark_constant(Region& region, const Part& part, std::uint32_t site, unsigned bytes) {
    __atomic_store_n(&region.constant_site, site, __ATOMIC_RELAXED);
    for_lanes(part.leaders, [&](unsigned i) {
        std::uint8_t* const shadow = region.shadow.data() + part.offsets[i];
        for (unsigned b = 0; b < bytes; b++)
            __atomic_fetch_or(shadow + b, kReadAsConstant, __ATOMIC_RELAXED);
    });
}

namespace {

template <class Word>
void shade(std::uint8_t* shadow, std::uint8_t colour) {
    constexpr auto kEach = static_cast<Word>(0x0101'0101'0101'0101U);
    void* const place = shadow;
    auto* const word = static_cast<Aliased<Word>*>(place);
    *word = static_cast<Word>((*word & (kEach * kKept)) | (kEach * colour));
}

// Elements of 1, 2, 4, 8 or 16 bytes, at a multiple of that: written, and as doubtful as said.
void shade_element(std::uint8_t* shadow, unsigned bytes, std::uint8_t colour) {
    switch (bytes) {
        case 1:
            return shade<std::uint8_t>(shadow, colour);
        case 2:
            return shade<std::uint16_t>(shadow, colour);
        case 4:
            return shade<std::uint32_t>(shadow, colour);
        default:
            for (unsigned b = 0; b < bytes; b += 8)
                shade<std::uint64_t>(shadow + b, colour);
    }
}

}  // namespace

void shade_stored(const Warp& warp, const Part& part, unsigned bytes, unsigned at, Taint taint) {
    std::uint8_t* const shadow = part.region->shadow.data() + at;
    const std::uint32_t doubtful = (taint.poison | taint.environment) & part.mask & warp.mask;
    if (doubtful == 0 && part.has_runs() && part.shape->bytes == bytes && part.mask == warp.mask) {
        for_runs(part, [&](std::uint32_t from, std::uint32_t length) {
            for (std::uint32_t b = from; b < from + length; b++)
                shadow[b] = static_cast<std::uint8_t>((shadow[b] & kKept) | kWritten);
        });
        return;
    }
    for_lanes(part.mask & warp.mask, [&](unsigned i) {
        const auto colour =
            static_cast<std::uint8_t>(kWritten | (((taint.poison >> i) & 1) != 0 ? kPoison : 0) |
                                      (((taint.environment >> i) & 1) != 0 ? kFromEnvironment : 0));
        shade_element(shadow + part.offsets[i], bytes, colour);
    });
}

void count_shapeless(const Warp& warp, const Part& part, unsigned bytes) {
    Tally& tally = warp.block->grid.tally;
    if (part.mask == 0) return;
    if (part.region->owner == Owner::Shared) {
        const unsigned made = wavefronts(part, bytes);
        const unsigned least = std::min(made, groups(part.mask, bytes));
        if (part.shape != nullptr) {
            part.shape->wavefronts[std::size_t{part.leaders != 0}] = made;
            part.shape->conflicts[std::size_t{part.leaders != 0}] = made - least;
        }
        tally.shared_requests++;
        tally.shared_wavefronts += made;
        tally.shared_conflicts += made - least;
    } else if (part.region->owner != Owner::Local && part.region->owner != Owner::Parameters) {
        tally.global_requests++;
        tally.global_sectors += sectors(part, bytes);
        tally.global_bytes +=
            std::uint64_t{bytes} * static_cast<unsigned>(std::popcount(part.mask));
    }
}

void observe_strong(const Warp& warp, const Op& op, const Part& part) {
    if (part.mask == 0) return;
    Block& block = *warp.block;
    const bool in_shared = part.region->owner == Owner::Shared;
    Locations& locations = in_shared ? block.locations : block.grid.locations;
    const Scope scope = (op.flags & kBlockScope) != 0 ? Scope::Block : Scope::Device;
    for_lanes(part.mask, [&](unsigned i) {
        block.clocks.observe(warp.thread(i), part.region->base + part.offsets[i], locations);
        if ((op.flags & kAcquire) != 0) block.clocks.fence(warp.thread(i), scope);
    });
    if ((op.flags & kAcquire) != 0 && scope == Scope::Device) block.forget_lines();
}

void synchronise_store(const Warp& warp, const Op& op, const Part& part, bool replaces) {
    Block& block = *warp.block;
    const bool in_shared = part.region->owner == Owner::Shared;
    if (!in_shared && part.region->owner != Owner::Local) {
        block.clocks.wrote_global(warp.index, part.mask);
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

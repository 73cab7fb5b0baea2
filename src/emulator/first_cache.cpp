// SPDX-License-Identifier: Apache-2.0
#include "emulator/first_cache.hpp"

#include <fmt/format.h>

#include "emulator/access.hpp"

namespace cupel::emulator {
namespace {

constexpr std::uint64_t kLineBytes = 128;
constexpr std::uint64_t kNoLine = ~std::uint64_t{0};
// Twice as many as the largest first cache (256 KiB) has: what was loaded before those is gone.
constexpr std::size_t kMostLines = 4096;

struct Meeting {
    const Warp& warp;
    const Region& region;
    std::uint32_t site;
    std::uint32_t thread;
};

// A word that was written after the line was brought.
void meet(const Meeting& load, std::uint64_t word, const FirstCache::Line& line) {
    Block& block = *load.warp.block;
    const Trails& trails = load.region.trails;
    const PlainWrite& plain = trails.plain[word];
    const bool strong = trails.strong != nullptr && trails.strong[word].time != 0;
    const std::uint32_t who = strong ? trails.strong[word].who : plain.who;
    const std::uint32_t time = strong ? trails.strong[word].time : plain.time;
    const std::uint32_t writer = who >> kThreadBits;
    if (writer == block.id()) return;
    if (!block.clocks.before(load.thread, writer, who & kThreadMask, time)) return;
    const Event event{.fault = Fault::StaleRead,
                      .site = load.site,
                      .block = block.index,
                      .thread = load.thread,
                      .other_site = strong ? trails.strong[word].site : plain.site,
                      .other_block = writer,
                      .other_thread = who & kThreadMask,
                      .memory = load.region.name,
                      .offset = word * load.region.grain};
    const Findings& findings = block.grid.findings;
    block.grid.findings.add(event, 0, [&](const std::string& here, const std::string& there) {
        return fmt::format(
            "{} reads what {} has written, but the line may still be in the L1 cache: {} of the "
            "block has read of it before the write, and no __threadfence() (or acquire) since "
            "({} at byte {})",
            here, there, findings.line_words(line.site), event.memory, event.offset);
    });
}

}  // namespace

std::uint8_t cached_as(std::string_view opcode) {
    const std::string_view base = opcode.substr(0, opcode.find('.'));
    if (base != "ld" && base != "ldu" && base != "cp" && base != "wmma") return 0;
    for (const std::string_view beyond : {".volatile", ".mmio", ".gpu", ".sys", ".cg", ".cv"}) {
        if (opcode.contains(beyond)) return 0;
    }
    return opcode.contains(".L1::no_allocate") ? kMeets : kBrings;
}

void FirstCache::bring(std::uint64_t line, Line loaded) {
    if (lines_.size() >= kMostLines) lines_.clear();
    lines_[line] = loaded;
}

void check_first_cache(const Warp& warp, const Part& part, std::uint32_t site, unsigned bytes) {
    Grid& grid = warp.block->grid;
    const std::uint8_t cached = grid.code.cached[site];
    if (cached == 0) return;
    const bool looks = grid.code.strong[site] != kGuess;  // an old guess is made again
    const Region& region = *part.region;
    std::uint64_t known = kNoLine;
    FirstCache::Line line;
    for_lanes(part.mask, [&](unsigned lane) {
        const std::uint64_t number = (region.base + part.offsets[lane]) / kLineBytes;
        if (number != known) {
            known = number;
            line = warp.block->first_cache.find(number);
            if (line.moment == 0 && cached == kBrings)
                warp.block->first_cache.bring(number, {.moment = ++grid.moment, .site = site});
        }
        if (line.moment == 0 || !looks) return;
        const std::uint64_t last = (part.offsets[lane] + bytes - 1) / region.grain;
        for (std::uint64_t i = part.offsets[lane] / region.grain; i <= last; i++) {
            if (region.trails.plain[i].moment >= line.moment) {
                meet({.warp = warp, .region = region, .site = site, .thread = warp.thread(lane)}, i,
                     line);
            }
        }
    });
}

}  // namespace cupel::emulator

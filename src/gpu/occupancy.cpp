// SPDX-License-Identifier: Apache-2.0
#include "gpu/occupancy.hpp"

#include <fmt/format.h>

#include <limits>

namespace cupel::gpu {
namespace {

constexpr std::int64_t kWarp = 32;
constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

std::int64_t divide_up(std::int64_t value, std::int64_t by) {
    return (value + by - 1) / by;
}
std::int64_t round_up(std::int64_t value, std::int64_t to) {
    return divide_up(value, to) * to;
}

// cudaOccMaxBlocksPerSMRegsLimit: registers are given to warps, within sub-partitions; that a block
// fits at all is tested as if its warps filled all partitions alike.
std::int64_t by_registers(const Sheet& sheet, std::int64_t registers, std::int64_t warps) {
    if (registers > sheet.registers_per_thread) return 0;
    const std::int64_t of_warp = round_up(registers * kWarp, sheet.register_granularity);
    if (of_warp == 0) return kNoLimit;
    if (of_warp * round_up(warps, sheet.sub_partitions) > sheet.registers_per_block) return 0;
    const std::int64_t in_partition = sheet.registers_per_sm / sheet.sub_partitions / of_warp;
    return in_partition * sheet.sub_partitions / warps;
}

// cudaOccMaxBlocksPerSMSmemLimit, with the largest share of the memory that is L1 too.
std::int64_t by_shared(const Sheet& sheet, std::int64_t bytes) {
    if (bytes > sheet.shared_per_block) return 0;
    return sheet.shared_per_sm / round_up(bytes + sheet.shared_reserved, sheet.shared_granularity);
}

}  // namespace

Occupancy occupancy(const Sheet& sheet, const BlockNeeds& needs) {
    Occupancy found{.registers_known = needs.registers.has_value()};
    const std::int64_t warps = divide_up(needs.threads, kWarp);
    const bool fits = needs.threads > 0 && needs.threads <= sheet.threads_per_block;
    std::int64_t most = kNoLimit;
    const auto limit = [&](std::int64_t blocks, const char* what) {
        if (blocks >= most) return;
        most = blocks;
        found.limited_by = what;
    };
    limit(fits ? sheet.warps_per_sm / warps : 0, "warps");
    limit(sheet.blocks_per_sm, "blocks");
    if (needs.registers && fits) limit(by_registers(sheet, *needs.registers, warps), "registers");
    limit(by_shared(sheet, needs.shared_bytes), "shared memory");
    found.blocks = most;
    found.warps = most * warps;
    found.share = static_cast<double>(found.warps) / static_cast<double>(sheet.warps_per_sm);
    return found;
}

std::string to_words(const Sheet& sheet, const BlockNeeds& needs, const Occupancy& occupancy) {
    if (occupancy.blocks == 0) {
        return fmt::format("a block of {} threads does not fit a multiprocessor: {}", needs.threads,
                           occupancy.limited_by);
    }
    std::string words =
        fmt::format("{} block{} of {} threads a multiprocessor, {} of {} warps, limited by {}",
                    occupancy.blocks, occupancy.blocks == 1 ? "" : "s", needs.threads,
                    occupancy.warps, sheet.warps_per_sm, occupancy.limited_by);
    if (!occupancy.registers_known) words += "; registers are not known, so at most that";
    return words;
}

}  // namespace cupel::gpu

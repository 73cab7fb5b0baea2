// SPDX-License-Identifier: Apache-2.0
// What is known when a launch is over: outputs that nobody wrote, state that stays, counts.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/launch.hpp"

namespace cupel::emulator {
namespace {

constexpr std::array<std::string_view, kWorks> kWorkNames = {
    "integer", "logic",  "move",       "convert", "compare", "half",
    "single",  "double", "special",    "tensor",  "load",    "store",
    "atomic",  "copy",   "collective", "barrier", "fence",   "control"};

struct Tallied {
    std::uint64_t count = 0;
    std::uint64_t first = 0;
};

template <class Holds>
Tallied tally(const Region& region, Holds holds) {
    Tallied result;
    for (std::uint64_t i = region.bytes; i-- > 0;) {
        if (!holds(region.shadow[i])) continue;
        result.count++;
        result.first = i;
    }
    return result;
}

bool is_written(std::uint8_t shade) {
    return (shade & kWritten) != 0;
}
bool is_unread(std::uint8_t shade) {
    return (shade & (kRead | kReadBefore)) == 0;
}

template <class Holds>
std::vector<Stretch> stretches_of(const Region& region, Holds holds) {
    std::vector<Stretch> stretches;
    for (std::uint64_t i = 0; i < region.bytes; i++) {
        if (!holds(region.shadow[i])) continue;
        if (!stretches.empty() && stretches.back().offset + stretches.back().bytes == i) {
            stretches.back().bytes++;
        } else if (stretches.size() < kMostStretches) {
            stretches.push_back({.offset = i, .bytes = 1});
        } else {
            break;
        }
    }
    return stretches;
}

// Who wrote a byte last; null where that was not kept.
const PlainWrite* last_write(const Region& region, std::uint64_t offset) {
    if (region.trails.empty()) return nullptr;
    const PlainWrite& trail = region.trails.plain[offset / region.grain];
    return trail.time != 0 ? &trail : nullptr;
}

void tell(Grid& grid, const Region& region, Fault fault, const Tallied& found,
          std::string_view words) {
    if (found.count == 0) return;
    const PlainWrite* const trail =
        fault == Fault::NotWritten ? nullptr : last_write(region, found.first);
    const Event event{.fault = fault, .memory = region.name, .offset = found.first};
    grid.findings.add(event, 20, [&](const std::string&, const std::string&) {
        return fmt::format(
            "{} of {} bytes of {} {}, the first at byte {}{}", found.count, region.bytes,
            region.name, words, found.first,
            trail != nullptr ? ", from " + grid.findings.line_words(trail->site) : "");
    });
}

void check_outputs(Grid& grid, const Region& region) {
    if (region.owner != Owner::Buffer) return;
    if (region.role == Role::Input) {
        tell(grid, region, Fault::Note, tally(region, is_unread), "are never read");
        return;
    }
    if (region.role == Role::Scratch) return;
    const auto poisoned = [](std::uint8_t s) { return (s & kPoison) != 0 && (s & kWritten) != 0; };
    const auto coloured = [](std::uint8_t s) { return (s & kFromEnvironment) != 0; };
    const auto unwritten = [](std::uint8_t s) { return (s & kPoison) != 0 && (s & kWritten) == 0; };
    tell(grid, region, Fault::NotWritten, tally(region, unwritten), "are never written");
    tell(grid, region, Fault::Uninitialised, tally(region, poisoned),
         "come from memory that nobody wrote");
    tell(grid, region, Fault::Environment, tally(region, coloured),
         "depend on a clock or on where a block runs");
}

// PTX ISA, ld.global.nc: what is read that way must not be written while the kernel runs.
void check_constants(Grid& grid, const Region& region) {
    if (region.constant_site == kNoIndex) return;
    constexpr std::uint8_t kBoth = kReadAsConstant | kWritten;
    const Tallied found = tally(region, [](std::uint8_t s) { return (s & kBoth) == kBoth; });
    if (found.count == 0) return;
    const PlainWrite* const trail = last_write(region, found.first);
    const bool known = trail != nullptr;
    const Event event{.fault = Fault::StaleRead,
                      .site = region.constant_site,
                      .other_site = known ? trail->site : kNoIndex,
                      .other_block = known ? trail->who >> kThreadBits : 0,
                      .other_thread = known ? trail->who & kThreadMask : 0,
                      .memory = region.name,
                      .offset = found.first};
    grid.findings.add(event, 22, [&](const std::string&, const std::string& there) {
        return fmt::format(
            "{} reads {} through a cache that does not see what the launch writes "
            "(ld.global.nc, __ldg, const __restrict__), and {} writes byte {} of it",
            grid.findings.line_words(event.site), region.name, known ? there : "the same launch",
            found.first);
    });
}

void check_state(Grid& grid, const Region& region, const std::vector<std::byte>& before) {
    const bool changed = !std::ranges::equal(before, std::span(region.data).first(region.bytes));
    if (!std::ranges::any_of(region.shadow, is_written)) return;
    const Event event{.fault = changed ? Fault::HiddenState : Fault::Note, .memory = region.name};
    grid.findings.add(event, 21, [&](const std::string&, const std::string&) {
        return changed ? fmt::format("the variable {} keeps a value from this launch to the next",
                                     region.name)
                       : fmt::format("the variable {} is written, and left as it was found",
                                     region.name);
    });
}

void count_flops(const Op& op, std::uint64_t lanes, Counters& counters) {
    const std::uint64_t flops = op.flops * lanes;
    if (op.work == Work::Tensor) return;
    (op.work == Work::Half     ? counters.half_flops
     : op.work == Work::Double ? counters.double_flops
                               : counters.single_flops) += flops;
}

Counters count(const Grid& grid) {
    Counters counters;
    const Tally& tally = grid.tally;
    std::array<WorkCount, kWorks> work;
    for (std::size_t i = 0; i < tally.warps.size(); i++) {
        const Op& op = grid.code.ops[i];
        WorkCount& row = work[static_cast<std::size_t>(op.work)];
        row.warps += tally.warps[i];
        row.lanes += tally.lanes[i];
        counters.warp_instructions += tally.warps[i];
        counters.lane_instructions += tally.lanes[i];
        count_flops(op, tally.lanes[i], counters);
        counters.tensor_flops += op.work == Work::Tensor ? tally.warps[i] * op.tensor_flops : 0;
        if (op.flow == Flow::Branch) counters.branches += tally.warps[i];
    }
    for (std::size_t i = 0; i < kWorks; i++) {
        if (work[i].warps == 0) continue;
        work[i].name = kWorkNames[i];
        counters.work.push_back(work[i]);
    }
    counters.barriers = work[static_cast<std::size_t>(Work::Barrier)].warps;
    counters.atomics = work[static_cast<std::size_t>(Work::Atomic)].lanes;
    counters.global_requests = tally.global_requests;
    counters.global_sectors = tally.global_sectors;
    counters.global_bytes = tally.global_bytes;
    counters.shared_requests = tally.shared_requests;
    counters.shared_wavefronts = tally.shared_wavefronts;
    counters.shared_conflicts = tally.shared_conflicts;
    counters.divergent_branches = tally.divergent_branches;
    counters.atomic_collisions = tally.atomic_collisions;
    return counters;
}

void list_checks(const Grid& grid, Report& report) {
    report.checks_made = {"bounds, alignment, read-only inputs"};
    if (!grid.options.checks) {
        report.checks_not_made = {"everything but bounds: the launch was made without checks"};
        return;
    }
    for (const char* const check :
         {"uninitialised data", "dependence on the environment", "races in shared memory",
          "races in global memory", "barriers and masks of warps", "asynchronous copies",
          "coverage of inputs and outputs", "state that outlives the launch"}) {
        report.checks_made.emplace_back(check);
    }
    report.checks_not_made = grid.code.unchecked;
    if (grid.options.sample > 0) report.checks_not_made.emplace_back("races and outputs: a sample");
    for (const auto& region : grid.memory.regions()) {
        const bool traced = !region->trails.empty() || region->bytes == 0 || !region->writable();
        if (!traced && grid.options.sample == 0) {
            report.checks_not_made.push_back(
                fmt::format("races in {}: it is too large to be traced", region->name));
        }
    }
}

}  // namespace

Report make_report(Grid& grid, const std::vector<std::vector<std::byte>>& before,
                   const std::vector<const Region*>& due) {
    Report report;
    report.finished = !grid.stopped && !grid.findings.has(Fault::Deadlock);
    report.blocks = grid.completed;
    const auto& regions = grid.memory.regions();
    const bool whole = grid.options.checks && grid.options.sample == 0;
    const auto is_due = [&](const Region& region) {
        return std::ranges::find(due, &region) != due.end();
    };
    for (std::size_t i = 0; i < regions.size() && whole; i++) {
        const Region& region = *regions[i];
        if (is_due(region)) check_outputs(grid, region);
        check_constants(grid, region);
        if (region.owner == Owner::ModuleVariable) check_state(grid, region, before[i]);
    }
    if (grid.options.checks) report.counters = count(grid);
    report.counters.warp_instructions = grid.executed;
    for (const auto& region : regions) {
        if (region->owner != Owner::Buffer || !grid.options.checks) continue;
        const auto read = tally(*region, [](std::uint8_t s) { return (s & kRead) != 0; });
        const auto written = tally(*region, is_written);
        report.coverage.push_back({.buffer = region->name,
                                   .role = region->role,
                                   .bytes = region->bytes,
                                   .read = read.count,
                                   .written = written.count});
        if (grid.options.sample > 0 && written.count > 0)
            report.coverage.back().stretches = stretches_of(*region, is_written);
        if (!whole) continue;
        if (region->role == Role::Input && is_due(*region))
            report.coverage.back().unread = stretches_of(*region, is_unread);
        report.counters.unique_bytes_read += read.count;
        report.counters.unique_bytes_written += written.count;
    }
    list_checks(grid, report);
    report.findings = grid.findings.take();
    report.shared_bytes = grid.shared_bytes;
    return report;
}

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// Doubt on its way through registers and branches. What a branch decides in doubt is itself in
// doubt: of poison it is said at once; of the environment, everything that the branch can change is
// coloured where both ways meet again, so that waiting by a clock is no fault and an answer that
// depends on one is.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/poison.hpp"
#include "emulator/scheduler.hpp"

namespace cupel::emulator {
namespace {

void report(const Warp& warp, const Op& op, std::uint32_t lanes, Fault fault,
            std::string_view words) {
    const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
    warp.block->grid.findings.add(warp.block->event(warp, lane, op, fault), 0,
                                  [&](const std::string& here, const std::string&) {
                                      return fmt::format("{} {}", here, words);
                                  });
}

bool has_effects(const Op& op) {
    return op.work == Work::Store || op.work == Work::Atomic || op.work == Work::Copy ||
           op.work == Work::Barrier || op.flow == Flow::Exit || op.flow == Flow::Trap;
}

void colour(const Warp& warp, std::uint32_t row_offset, std::uint32_t lanes) {
    taint_of(warp, row_offset).environment |= lanes;
}

}  // namespace

void spread_some_taint(Warp& warp, const Op& op) {
    const Taint a = taint_of(warp, op.a);
    const Taint b = taint_of(warp, op.b);
    const Taint c = taint_of(warp, op.c);
    const Taint e = taint_of(warp, op.e);
    const Taint all{.poison = a.poison | b.poison | c.poison | e.poison,
                    .environment = a.environment | b.environment | c.environment | e.environment};
    set_taint(warp, op.d, all);
    set_taint(warp, op.d2, all);
    if (op.moves != 0 && (all.poison & warp.mask) != 0) spread_bytes(warp, op);
}

void colour_written(const Warp& warp, const Op& op, std::uint32_t lanes) {
    for_written(warp.block->grid.code, op, [&](std::uint32_t row) { colour(warp, row, lanes); });
}

void check_guard(Warp& warp, const Op& op, std::uint32_t lanes, bool diverts) {
    const Taint guard = taint_of(warp, op.guard);
    const std::uint32_t poisoned = guard.poison & lanes;
    if (poisoned != 0)
        report(warp, op, poisoned, Fault::Uninitialised, "decides by a value that nobody wrote");
    const Code& code = warp.block->grid.code;
    const std::uint32_t coloured = guard.environment & lanes;
    if (coloured == 0) return;
    constexpr std::string_view kWords =
        "decides by a clock or by where the block runs, and what it does depends on it";
    if (!diverts) {  // a guarded operation: its results differ, or what it does to memory
        if (has_effects(op)) report(warp, op, coloured, Fault::Environment, kWords);
        colour_written(warp, op, coloured);
        return;
    }
    const auto index = static_cast<std::uint32_t>(op.imm);
    const BranchReach& reach = code.reaches[index];
    if (reach.effects || reach.end == kNoIndex) {
        report(warp, op, coloured, Fault::Environment, kWords);
        return;
    }
    const auto known = std::ranges::find(warp.detours, index, &Detour::reach);
    if (known != warp.detours.end()) {
        known->mask |= coloured;
    } else {
        warp.detours.push_back({.reach = index, .mask = coloured});
    }
}

void end_detours(Warp& warp, const Group& group) {
    const Code& code = warp.block->grid.code;
    for (Detour& detour : warp.detours) {
        const BranchReach& reach = code.reaches[detour.reach];
        const std::uint32_t here = detour.mask & group.mask;
        if (reach.end != group.pc || here == 0) continue;
        for (const std::uint32_t written : reach.rows)
            colour(warp, written, here);
        detour.mask &= ~here;
    }
    std::erase_if(warp.detours, [](const Detour& detour) { return detour.mask == 0; });
}

}  // namespace cupel::emulator

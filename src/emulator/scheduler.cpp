// SPDX-License-Identifier: Apache-2.0
#include "emulator/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/bulk.hpp"

namespace cupel::emulator {
namespace {

constexpr std::uint32_t kPatience = 32;  // backward branches before a group gives way

using State = Group::State;

// Joins groups that stand at the same operation and are in the same state.
void merge_groups(Warp& warp) {
    auto& groups = warp.groups;
    for (std::size_t i = 0; i < groups.size(); i++) {
        for (std::size_t j = groups.size(); --j > i;) {
            if (groups[j].pc != groups[i].pc || groups[j].state != groups[i].state ||
                groups[j].state == State::AtBarrier) {
                continue;
            }
            groups[i].mask |= groups[j].mask;
            groups[i].spins = std::min(groups[i].spins, groups[j].spins);
            groups[i].forced = groups[i].forced || groups[j].forced;
            groups[i].passed_by |= groups[j].passed_by;
            groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(j));
        }
    }
}

Group* choose(Warp& warp) {
    Group* best = nullptr;
    for (Group& group : warp.groups) {
        if (group.state != State::Ready) continue;
        const auto key = [](const Group& g) { return std::pair(g.spins / kPatience, g.pc); };
        if (best == nullptr || key(group) < key(*best)) best = &group;
    }
    return best;
}

// The next operation where another group waits to run along.
std::uint32_t next_meeting(const Warp& warp, const Group& own) {
    std::uint32_t meeting = kNoIndex;
    for (const Group& group : warp.groups) {
        if (&group != &own && group.state == State::Ready && group.pc > own.pc) {
            meeting = std::min(meeting, group.pc);
        }
    }
    return meeting;
}

template <bool Checked>
class Runner {
public:
    Runner(Block& block, Warp& warp) : block_(block), grid_(block.grid), warp_(warp) {}

    bool run(std::uint64_t quantum) {
        merge_groups(warp_);
        bool ran = false;
        left_ = quantum;
        while (left_ > 0 && !grid_.stopped) {
            Group* const group = choose(warp_);
            if (group == nullptr) break;
            ran = true;
            warp_.yielded = false;
            run_group(*group);
            if (warp_.groups.size() > 1) merge_groups(warp_);
            if (warp_.yielded) break;
        }
        return ran;
    }

private:
    // Straight on, until something happens that makes another group the one to run.
    void run_group(Group& group) {
        const Op* const ops = grid_.code.ops.data();
        const std::uint32_t meeting = next_meeting(warp_, group);
        std::uint32_t pc = group.pc;
        const std::uint32_t mask = group.mask;
        const std::uint64_t start = left_;
        while (left_ > 0) {
            const Op& op = ops[pc];
            const std::uint32_t active = mask & (predicate(warp_, op.guard) ^ op.guard_flip);
            warp_.mask = active;
            if constexpr (Checked) observe(op, pc, mask, active);
            if (op.flow != Flow::Plain) {
                group.pc = pc;
                if (!control(group, op)) {  // `group` may be no longer valid
                    grid_.executed += start - left_;
                    return;
                }
                pc = group.pc;
            } else {
                if (active != 0) perform(op);
                pc++;
            }
            left_ -= op.counted ? 1 : 0;
            if (pc == meeting) break;
        }
        group.pc = pc;
        grid_.executed += start - left_;
    }

    [[gnu::always_inline]] void perform(const Op& op) {
        if constexpr (Checked) {
            if (op.guard == kTrueRow) {
                check(op);
            } else {
                perform_guarded(op);
            }
        } else {
            op.run(warp_, op);
        }
    }
    [[gnu::always_inline]] void check(const Op& op) {
        op.checked(warp_, op);
        if (op.spreads) spread_taint(warp_, op);
    }
    // What a guard in doubt let pass is in doubt as well, whatever the operation itself says.
    void perform_guarded(const Op& op) {
        const std::uint32_t doubtful = taint_of(warp_, op.guard).environment & warp_.mask;
        check(op);
        if (doubtful != 0) colour_written(warp_, op, doubtful);
    }

    void observe(const Op& op, std::uint32_t pc, std::uint32_t mask, std::uint32_t active) {
        if (op.counted) {
            warps_[pc]++;
            lanes_[pc] +=
                active == kAllLanes ? kLanes : static_cast<unsigned>(std::popcount(active));
        }
        if (!warp_.detours.empty()) end_detours(warp_, {.pc = pc, .mask = mask});
        if (op.guard != kTrueRow) {
            const Taint guard = taint_of(warp_, op.guard);
            if (((guard.poison | guard.environment) & mask) != 0) {
                check_guard(warp_, op, mask, op.flow == Flow::Branch);
            }
        }
    }

    // True: the group goes on at its pc, alone. False: look again at all groups.
    bool control(Group& group, const Op& op) {
        if (warp_.mask == 0) {
            group.pc++;
            return true;
        }
        switch (op.flow) {
            case Flow::Branch:
                return branch(group, op);
            case Flow::Yield:
                group.pc++;
                group.spins++;
                warp_.yielded = true;
                return spend(1);
            case Flow::Exit:
                return exit(group, op);
            case Flow::Trap:
                return trap(group, op);
            case Flow::Barrier:
                return barrier(group, op);
            case Flow::Converge:
                return converge(group, op);
            case Flow::Part:
                return part(group, op);
            case Flow::Plain:
                break;
        }
        return true;
    }

    // Counts what run_group cannot, as it breaks off.
    bool spend(std::uint64_t count) {
        left_ -= std::min(left_, count);
        return false;
    }

    bool branch(Group& group, const Op& op) {
        const std::uint32_t taken = warp_.mask;
        if (op.target <= group.pc) group.spins++;
        if (taken == group.mask) {
            group.pc = op.target;
            return warp_.groups.size() == 1 || spend(1);
        }
        if constexpr (Checked) grid_.tally.divergent_branches++;
        warp_.has_parted = true;
        Group away = group;
        away.pc = op.target;
        away.mask = taken;
        group.mask &= ~taken;
        group.pc++;
        warp_.groups.push_back(away);  // `group` is no longer valid
        return spend(1);
    }

    // Lanes that have parted meet again where they are made to, and mostly elsewhere too. Who asks
    // which are here must not count on it: in an order that is drawn some come later.
    bool part(Group& arriving, const Op& op) {
        Group& group = parted(arriving);
        const std::uint32_t all = group.mask;
        std::uint64_t state = grid_.options.seed ^ (block_.index << 20) ^
                              (std::uint64_t{warp_.index} << 52) ^ warp_.partings++;
        const auto drawn = static_cast<std::uint32_t>(next_random(state));
        const std::uint32_t late = all & drawn;
        const bool parts = grid_.options.seed != 0 && warp_.has_parted && late != all && late != 0;
        warp_.mask = parts ? all & ~late : all;
        perform(op);
        group.mask = warp_.mask;
        const std::uint32_t pc = group.pc++;
        if (!parts) return spend(1);
        note_parting(op, late, all);
        warp_.groups.push_back({.pc = pc, .mask = late, .spins = group.spins + kPatience});
        return spend(1);
    }

    void note_parting(const Op& op, std::uint32_t late, std::uint32_t all) {
        const auto lane = static_cast<unsigned>(std::countr_zero(late));
        grid_.findings.add(block_.event(warp_, lane, op, Fault::Note), 3,
                           [&](const std::string& here, const std::string&) {
                               return fmt::format(
                                   "{} asks which lanes are here, and {:#010x} of {:#010x} came "
                                   "later: they had parted, and nothing made them wait",
                                   here, late, all);
                           });
    }

    // Lanes that the guard lets pass leave the others, who are done with the operation.
    void part_from_guarded(Group& group) {
        if (warp_.mask == group.mask) return;
        Group others = group;
        others.mask &= ~warp_.mask;
        others.pc++;
        group.mask = warp_.mask;
        const std::ptrdiff_t at = &group - warp_.groups.data();
        warp_.groups.push_back(others);
        current_ = static_cast<std::size_t>(at);
    }
    Group& parted(Group& group) {
        current_ = static_cast<std::size_t>(&group - warp_.groups.data());
        part_from_guarded(group);
        return warp_.groups[current_];
    }

    bool exit(Group& group, const Op& op) {
        const std::uint32_t gone = warp_.mask;
        tell_of_open_bulk(warp_, op, gone);
        warp_.alive &= ~gone;
        block_.alive -= static_cast<std::uint32_t>(std::popcount(gone));
        group.mask &= ~gone;
        group.pc++;
        std::erase_if(warp_.groups, [](const Group& g) { return g.mask == 0; });
        for (Group& other : warp_.groups) {  // they may have waited for these lanes
            if (other.state == State::Converging) other.state = State::Ready;
        }
        open_complete_barriers(block_);
        return spend(1);
    }

    bool trap(Group& group, const Op& op) {
        const auto lane = static_cast<unsigned>(std::countr_zero(warp_.mask));
        const Fault fault = op.imm == 0 ? Fault::Trap : Fault::Assertion;
        grid_.findings.add(block_.event(warp_, lane, op, fault), 0,
                           [&](const std::string& here, const std::string&) {
                               return fmt::format("{} {}", here,
                                                  op.imm == 0 ? "gives up" : "fails an assertion");
                           });
        grid_.stopped = true;
        return exit(group, op);
    }

    // The group must wait: it will come to this operation again.
    bool wait_here(Group& group) {
        if constexpr (Checked) {
            grid_.tally.warps[group.pc]--;
            grid_.tally.lanes[group.pc] -= static_cast<unsigned>(std::popcount(warp_.mask));
        }
        group.state = State::Converging;
        return false;
    }

    bool barrier(Group& arriving, const Op& op) {
        Group& group = absorb(parted(arriving));
        const bool aligned = (op.flags & 2) != 0;
        if (aligned && group.mask != warp_.alive && !group.forced) return wait_here(group);
        if (aligned && group.mask != warp_.alive) report_divergence(group, op);
        group.forced = false;
        if (group.mask == warp_.alive) warp_.has_parted = false;
        warp_.mask = group.mask;
        if (arrive_at_barrier(block_, warp_, op)) {
            group.pc++;
            return spend(1);
        }
        group.state = State::AtBarrier;
        open_complete_barriers(block_);
        return spend(1);
    }

    void report_divergence(const Group& group, const Op& op) {
        const auto lane = static_cast<unsigned>(std::countr_zero(group.mask));
        grid_.findings.add(
            block_.event(warp_, lane, op, Fault::BarrierDivergence), 0,
            [&](const std::string& here, const std::string&) {
                return fmt::format(
                    "the barrier at {} is reached by lanes {:#010x} of a warp, while "
                    "{:#010x} are elsewhere",
                    here, group.mask, warp_.alive & ~group.mask);
            });
    }

    // Takes in those who wait at the same operation.
    Group& absorb(Group& group) {
        std::uint32_t taken = 0;
        for (Group& other : warp_.groups) {
            if (&other == &group || other.pc != group.pc || other.state != State::Converging)
                continue;
            taken |= other.mask;
            group.forced = group.forced || other.forced;
            group.passed_by |= other.passed_by;
            other.mask = 0;
        }
        group.mask |= taken;
        const std::uint32_t own = group.mask;
        std::erase_if(warp_.groups, [](const Group& g) { return g.mask == 0; });
        for (Group& other : warp_.groups) {
            if (other.mask == own) return other;
        }
        return group;
    }

    // A collective: each lane names the lanes that must be there (row e).
    bool converge(Group& arriving, const Op& op) {
        const bool alone = warp_.groups.size() == 1 && warp_.mask == arriving.mask;
        Group& group = absorb(parted(arriving));
        const auto* const wanted = row<std::uint32_t>(warp_, op.e);
        std::uint32_t present = 0;  // lanes for whom everybody has come, and names the same mask
        for (std::uint32_t rest = group.mask; rest != 0;) {
            const std::uint32_t mask = wanted[static_cast<unsigned>(std::countr_zero(rest))];
            const std::uint32_t same = lanes_that_name(mask, wanted, rest);
            rest &= ~same;
            if ((mask & warp_.alive & ~same) != 0) continue;
            present |= same;
            // They have exited meanwhile, and have not come with this mask.
            if ((mask & group.passed_by & ~same) != 0) report_missing(group, op, same);
        }
        if (op.work == Work::Barrier && present != group.mask)
            present = meet_elsewhere(group, op, present);
        if (group.forced && present != group.mask) {
            report_missing(group, op, group.mask & ~present);
            present = group.mask;
        }
        if (present == 0) return wait_here(group);
        const std::uint32_t waiting = group.mask & ~present;
        const std::uint32_t passed_by = group.passed_by | present;
        group.forced = false;
        group.passed_by = 0;
        group.mask = present;
        if (present == warp_.alive) warp_.has_parted = false;
        run_collective(group, op, wanted);
        const std::uint32_t pc = group.pc++;
        if (waiting == 0) return alone || spend(1);
        warp_.groups.push_back(
            {.pc = pc, .mask = waiting, .state = State::Converging, .passed_by = passed_by});
        return spend(1);
    }

    static std::uint32_t lanes_that_name(std::uint32_t mask, const std::uint32_t* wanted,
                                         std::uint32_t lanes) {
        std::uint32_t same = 0;
        for_lanes(lanes, [&](unsigned i) { same |= std::uint32_t{wanted[i] == mask} << i; });
        return same;
    }

    // bar.warp.sync may be met at different places of the code.
    std::uint32_t meet_elsewhere(Group& group, const Op& op, std::uint32_t present) {
        const auto lane = static_cast<unsigned>(std::countr_zero(group.mask));
        const std::uint32_t wanted = row<std::uint32_t>(warp_, op.e)[lane];
        std::uint32_t met = group.mask;
        for (const Group& other : warp_.groups) {
            const Op& there = grid_.code.ops[other.pc];
            if (other.state != State::Converging || there.flow != Flow::Converge ||
                there.work != Work::Barrier)
                continue;
            met |= other.mask;
        }
        if ((wanted & warp_.alive & ~met) != 0) return present;
        for (Group& other : warp_.groups) {
            const Op& there = grid_.code.ops[other.pc];
            if (other.state != State::Converging || there.flow != Flow::Converge ||
                there.work != Work::Barrier)
                continue;
            other.state = State::Ready;
            other.pc++;
        }
        if constexpr (Checked) {
            block_.clocks.warp_barrier(warp_.index, wanted & warp_.alive, warp_.alive);
        }
        return group.mask;
    }

    void run_collective(const Group& group, const Op& op, const std::uint32_t* wanted) {
        for (std::uint32_t rest = group.mask; rest != 0;) {
            const auto first = static_cast<unsigned>(std::countr_zero(rest));
            const std::uint32_t same = lanes_that_name(wanted[first], wanted, rest);
            rest &= ~same;
            if ((same & ~wanted[first]) != 0)
                report_excluded(same & ~wanted[first], op, wanted[first]);
            warp_.mask = same;
            perform(op);
        }
    }

    void report_excluded(std::uint32_t lanes, const Op& op, std::uint32_t wanted) {
        const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
        grid_.findings.add(block_.event(warp_, lane, op, Fault::MaskError), 0,
                           [&](const std::string& here, const std::string&) {
                               return fmt::format(
                                   "{} takes part in {} with a mask {:#010x} that "
                                   "leaves out its own lane {}",
                                   here, grid_.code.sites[op.site].opcode, wanted, lane);
                           });
    }

    void report_missing(const Group& group, const Op& op, std::uint32_t lanes) {
        const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
        const std::uint32_t wanted = row<std::uint32_t>(warp_, op.e)[lane];
        grid_.findings.add(block_.event(warp_, lane, op, Fault::MaskError), 1,
                           [&](const std::string& here, const std::string&) {
                               const std::uint32_t missing = wanted & warp_.alive & ~group.mask;
                               const std::string_view opcode = grid_.code.sites[op.site].opcode;
                               if (missing == 0) {
                                   return fmt::format(
                                       "{} waits in {} for lanes {:#010x}, of which "
                                       "some name another mask",
                                       here, opcode, wanted);
                               }
                               return fmt::format(
                                   "{} waits in {} for lanes {:#010x}, which never come", here,
                                   opcode, missing);
                           });
    }

    Block& block_;
    Grid& grid_;
    Warp& warp_;
    std::uint64_t* const warps_ = grid_.tally.warps.data();
    std::uint64_t* const lanes_ = grid_.tally.lanes.data();
    std::uint64_t left_ = 0;
    std::size_t current_ = 0;
};

}  // namespace

bool run_warp(Block& block, Warp& warp, std::uint64_t quantum) {
    return block.grid.options.checks ? Runner<true>(block, warp).run(quantum)
                                     : Runner<false>(block, warp).run(quantum);
}

bool force_groups(Block& block) {
    bool any = false;
    for (Warp& warp : block.warps) {
        for (Group& group : warp.groups) {
            if (group.state != State::Converging) continue;
            group.forced = true;
            group.state = State::Ready;
            any = true;
        }
    }
    return any;
}

}  // namespace cupel::emulator

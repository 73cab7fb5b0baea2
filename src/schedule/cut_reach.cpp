// SPDX-License-Identifier: Apache-2.0
#include "schedule/cut_reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "schedule/demand.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule::cut {
namespace {

using task::AxisId;
using task::Index;
using task::Stage;
using task::Task;

// The most lanes of a vector: whatever the width, loops then end at a whole one.
constexpr std::int64_t kLanes = 16;

// An axis of a stage, and that it stays below the block's row plus so many steps.
struct Ending {
    AxisId axis = task::kNone;
    std::int64_t offset = 0;
};

// `row + first + offset`, row being the step of the stage within the block.
std::optional<std::int64_t> offset_of(const Index& end, AxisId row, AxisId first) {
    const auto counts = [&](const Index::Term& term) {
        return term.coefficient == 1 && (term.axis == row || term.axis == first);
    };
    const bool plain = end.divisor == 1 && end.gather == task::kNone && end.terms.size() == 2 &&
                       std::ranges::all_of(end.terms, counts);
    return plain ? std::optional(end.offset) : std::nullopt;
}

std::vector<Ending> endings(const Task& inner, AxisId first) {
    std::vector<Ending> found;
    const auto add = [&](const Stage& stage, AxisId axis, const Index& end) {
        const auto offset = offset_of(end, stage.keep.front(), first);
        const bool whole = inner.axis(axis).extent % kLanes == 0;
        if (offset && whole && axis != stage.keep.front()) found.push_back({axis, *offset});
    };
    for (const Stage& stage : inner.stages) {
        if (const auto demand = demand_of(inner, stage.out))
            add(stage, stage.keep.back(), demand->end);
        for (const task::Bound& bound : stage.where) {
            if (bound.high) add(stage, bound.axis, *bound.high);
        }
    }
    return found;
}

}  // namespace

Limits shorten(Plan& plan) {
    Task& inner = plan.inner;
    if (plan.first_name.empty()) return {};
    const auto first = static_cast<AxisId>(inner.axes.size() - 1);  // see add_first_step
    std::vector<Ending> found = endings(inner, first);
    if (found.empty()) return {};
    const std::int64_t extent = inner.axis(found.front().axis).extent;
    std::erase_if(found,
                  [&](const Ending& each) { return inner.axis(each.axis).extent != extent; });
    const std::int64_t offset = std::ranges::max(found, {}, &Ending::offset).offset;
    const std::int64_t steps = (plan.sharing.block + offset - 1 + kLanes - 1) / kLanes * kLanes;
    if (plan.sharing.block % kLanes != 0 || steps < kLanes || steps >= extent) return {};

    const task::Axis& axis = inner.axis(found.front().axis);
    plan.reach.name = Names(inner).fresh(axis.name + "_reach");
    const std::string ahead =
        steps == plan.sharing.block ? plan.block_name : fmt::format("{}", steps);
    plan.reach.value =
        fmt::format("std::min<long>({}, {} + {})", schedule::extent(inner, found.front().axis),
                    plan.first_name, ahead);
    inner.axes.push_back({.name = plan.reach.name, .extent = extent});  // nothing else is called so
    Limits limits;
    limits.steps = std::gcd(std::gcd(plan.sharing.block, steps), extent);
    for (const Ending& each : found)
        limits.ends.emplace(each.axis, plan.reach.name);
    for (Stage& stage : inner.stages) {
        for (task::Bound& bound : stage.where) {
            bound.leaves_out_zeros =
                limits.ends.contains(bound.axis) && leaves_out_zeros(inner, stage, bound);
        }
    }
    return limits;
}

}  // namespace cupel::schedule::cut

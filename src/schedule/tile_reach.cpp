// SPDX-License-Identifier: Apache-2.0
#include "schedule/tile_reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace cupel::schedule::tile {
namespace {

using task::AxisId;

// The end of a bound at the element of the tile where it reaches furthest: `first` or `last` of the
// operand's group. Nothing where it depends on what is not fixed for a tile.
std::optional<std::string> furthest(const Words& words, const Operand& operand,
                                    const task::Index& end, bool high, const std::string& wide) {
    const AxisId axis = operand.group.axes.back();
    bool grows = true;
    for (const task::Index::Term& term : end.terms) {
        const auto runs_over = [&](const Group& group) {
            return std::ranges::find(group.axes, term.axis) != group.axes.end();
        };
        const bool fixed = !runs_over(words.m) && !runs_over(words.n) && !runs_over(words.k);
        if (term.axis != axis && !fixed) return std::nullopt;
        if (term.axis == axis) grows = term.coefficient > 0;
    }
    const std::string first = operand.group.start + " + " + operand.group.name;
    const std::string at =
        grows == high ? fmt::format("({} + {} - 1)", first, wide) : fmt::format("({})", first);
    return affine(end, [&](AxisId other) { return other == axis ? at : words.names.axis(other); });
}

}  // namespace

Reach reach_of(const Words& words) {
    Reach reach;
    if (words.k.axes.size() != 1) return reach;
    for (const Operand* operand : {&words.a, &words.b}) {
        if (operand->group.axes.size() != 1) continue;
        const std::string wide = operand == &words.a ? "tall" : "wide";
        for (const task::Bound& bound : operand->factor.where) {
            if (bound.axis != words.k.axes.front()) continue;
            const auto low =
                bound.low ? furthest(words, *operand, *bound.low, false, wide) : std::nullopt;
            const auto high =
                bound.high ? furthest(words, *operand, *bound.high, true, wide) : std::nullopt;
            const auto clamped = [&](const std::string& end) {
                return fmt::format("std::clamp<long>({} - {}, 0, depth)", end, words.k.start);
            };
            if (low && reach.from.empty()) reach.from = clamped(*low);
            if (high && reach.until.empty()) reach.until = clamped(*high);
        }
    }
    return reach;
}

std::string unread_from(const Words& words) {
    const auto& demand = words.problem.limits.demand;
    if (!demand || words.m.axes.size() != 1 || words.n.axes.size() != 1) return {};
    // The output may be filled by a later stage than the sum, with axes of its own.
    const std::vector<AxisId>& theirs = words.task.producer(words.contraction.out)->keep;
    const std::vector<AxisId>& ours = words.contraction.anchor->keep;
    const auto of_sum = [&](AxisId axis) {
        const auto at = std::ranges::find(theirs, axis);
        return at == theirs.end() ? axis : ours[static_cast<std::size_t>(at - theirs.begin())];
    };
    if (of_sum(demand->last) != words.n.axes.front()) return {};
    task::Index end = demand->end;
    for (task::Index::Term& term : end.terms)
        term.axis = of_sum(term.axis);
    return furthest(words, words.a, end, true, "tall").value_or("");
}

}  // namespace cupel::schedule::tile

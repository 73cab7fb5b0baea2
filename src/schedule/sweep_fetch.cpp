// SPDX-License-Identifier: Apache-2.0
// What a sweep may fetch before it needs it.
#include <algorithm>

#include "schedule/ids.hpp"
#include "schedule/sweep_passes.hpp"
#include "schedule/sweep_plan.hpp"
#include "schedule/sweep_slide.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule::sweep {

using task::Access;
using task::AxisId;
using task::Index;
using task::kNone;
using task::Role;
using task::Task;

namespace {

constexpr std::int64_t kPage = 4096;  // bytes

// table[t[n], d] in the loops over n and d.
bool is_row_by_number(const Task& task, const Access& access, const std::vector<AxisId>& axes) {
    if (access.at.size() != 2 || axes.size() != 2 || access.outside != kNone) return false;
    if (access.at[0].gather == kNone || access.at[1].gather != kNone) return false;
    const task::Expr& number = task.expr(access.at[0].gather);
    if (number.op != task::Op::Load || access.at[1].plain_axis() != axes[1]) return false;
    return task.tensor(task.access(number.reference).tensor).role == Role::Input &&
           elementwise(task.access(number.reference), {axes[0]}, 0);
}

// True if the access walks along all of these axes and no others, the last of them innermost.
bool is_row(const Access& access, const std::vector<AxisId>& axes) {
    if (access.at.size() != axes.size() || access.outside != kNone) return false;
    if (access.at.back().plain_axis() != axes.back()) return false;
    return std::ranges::all_of(axes, [&](AxisId axis) {
        return std::ranges::find(access.at, axis, &Index::plain_axis) != access.at.end();
    });
}

bool is_swept(const StagePlan& stage) {
    return stage.shape == Shape::Map || stage.shape == Shape::Fold || stage.shape == Shape::Find;
}

// All axes that a stage walks along, outermost first.
std::vector<AxisId> walk_of(const Task& task, const Plan& plan, const Group& group, std::size_t s) {
    std::vector<AxisId> axes = outer_axes(task, group, s);
    axes.insert(axes.end(), plan.stages[s].loops.begin(), plan.stages[s].loops.end());
    return axes;
}

// The access as it would stand in a stage that walks along `to` where its own walks along `from`.
Access renamed(Access access, const std::vector<AxisId>& from, const std::vector<AxisId>& to) {
    for (Index& index : access.at) {
        const auto place = std::ranges::find(from, index.plain_axis()) - from.begin();
        index = {.terms = {{.axis = to[static_cast<std::size_t>(place)], .coefficient = 1}}};
    }
    return access;
}

}  // namespace

NextRows next_rows(const Task& task, const Plan& plan, std::size_t stage) {
    NextRows rows;
    if (plan.inlined.contains(task.stages[stage].out) || !is_swept(plan.stages[stage])) return rows;
    const Group& group = group_of(plan, stage);
    if (group.depth == 0) return rows;
    const std::vector<AxisId> own = walk_of(task, plan, group, stage);
    rows.outer = own[group.depth - 1];
    rows.again = legs_of(task, plan, group).size() > 1;
    for (const std::size_t s : group.stages) {
        const std::vector<AxisId> axes = walk_of(task, plan, group, s);
        const auto same = [&](AxisId a, AxisId b) {
            return task.axis(a).extent == task.axis(b).extent;
        };
        if (!is_swept(plan.stages[s]) || !std::ranges::equal(axes, own, same)) continue;
        for (const int load : loads(task, task.stages[s].body)) {
            const Access& access = task.access(load);
            if (task.tensor(access.tensor).role != Role::Input) continue;
            if (s == stage && is_row_by_number(task, access, axes)) {
                const task::Tensor& table = task.tensor(access.tensor);
                const std::int64_t row = table.bytes() / table.shape.front();
                rows.gathered.push_back(load);
                rows.ahead = std::max(rows.ahead, (2 * kPage + row - 1) / row);
            }
            if (!is_row(access, axes)) continue;
            Access here = renamed(access, axes, own);
            const auto known = [&](const Access& other) {
                return other.tensor == here.tensor && other.at == here.at;
            };
            if (std::ranges::none_of(rows.inputs, known)) rows.inputs.push_back(std::move(here));
        }
    }
    return rows;
}

namespace {

// Of a column.
std::optional<NextWindow> window_of(const Task& task, const Plan& plan, std::size_t stage) {
    const Group& group = group_of(plan, stage);
    if (group.depth == 0) return std::nullopt;
    const AxisId outer = outer_axes(task, group, stage).back();
    for (const int load : loads(task, task.stages[stage].body)) {
        const Access& access = task.access(load);
        const task::Tensor& tensor = task.tensor(access.tensor);
        if (tensor.role != Role::Input || access.at.size() < 2) continue;
        if (!mentions(access.at.back(), plan.stages[stage].lane)) continue;
        if (std::ranges::any_of(access.at, [](const Index& at) { return at.gather != kNone; }))
            continue;
        const Index& row = access.at[access.at.size() - 2];
        const auto term = std::ranges::find(row.terms, outer, &Index::Term::axis);
        if (term == row.terms.end() || term->coefficient < 1 || row.divisor != 1) continue;
        const std::int64_t bytes = term->coefficient * tensor.shape.back() *
                                   static_cast<std::int64_t>(task::type_size(tensor.type));
        return NextWindow{.load = load,
                          .outer = outer,
                          .rows = term->coefficient,
                          .steps = std::max<std::int64_t>(1, (kPage + bytes / 2) / bytes)};
    }
    return std::nullopt;
}

}  // namespace

std::optional<NextWindow> next_window(const Task& task, const Plan& plan, std::size_t stage) {
    if (plan.inlined.contains(task.stages[stage].out)) return std::nullopt;
    const Shape shape = plan.stages[stage].shape;
    if (shape != Shape::Close && shape != Shape::Column) return std::nullopt;
    return window_of(task, plan, innermost(plan, stage));
}

bool can_fetch(const Task& task, const Plan& plan, std::size_t stage) {
    return !next_rows(task, plan, stage).empty() || next_window(task, plan, stage).has_value();
}

}  // namespace cupel::schedule::sweep

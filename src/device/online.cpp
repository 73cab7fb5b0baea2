// SPDX-License-Identifier: Apache-2.0
#include "device/online.hpp"

#include <algorithm>
#include <map>

#include "schedule/ids.hpp"
#include "schedule/nest.hpp"

namespace cupel::device {

using task::AxisId;
using task::ExprId;
using task::kNone;
using task::Op;
using task::Reducer;
using task::Role;
using task::Stage;
using task::Task;
using task::TensorId;

std::vector<AxisId> row_loops(const Launch& launch, const Stage& stage) {
    std::vector<AxisId> loops(stage.keep.begin() + static_cast<std::ptrdiff_t>(launch.depth),
                              stage.keep.end());
    if (loops.empty()) loops = stage.reduce;
    return loops;
}

namespace {

// The stage reads the tensor, wherever it does, at the element of its own row that it is at.
bool reads_in_step(const Launch& launch, const Stage& stage, TensorId tensor) {
    const Task& task = launch.generic.task;
    std::vector<AxisId> loops(stage.keep.begin(),
                              stage.keep.begin() + static_cast<std::ptrdiff_t>(launch.depth));
    const std::vector<AxisId> inner = row_loops(launch, stage);
    loops.insert(loops.end(), inner.begin(), inner.end());
    const bool serial = stage.keep.size() > launch.depth && !stage.reduce.empty();
    return std::ranges::all_of(schedule::loads(task, stage.body), [&](int load) {
        const task::Access& access = task.access(load);
        if (access.tensor != tensor) return true;
        if (serial || access.outside != kNone || access.at.size() != loops.size()) return false;
        for (std::size_t d = 0; d < loops.size(); d++)
            if (access.at[d].gather != kNone || access.at[d].plain_axis() != loops[d]) return false;
        return true;
    });
}

}  // namespace

std::set<TensorId> inlined(const Launch& launch) {
    std::set<TensorId> found;
    const Task& task = launch.generic.task;
    for (const Stage& stage : task.stages) {
        const bool fills_row = stage.reduce.empty() && stage.keep.size() > launch.depth;
        if (!fills_row || task.tensor(stage.out).role != Role::Intermediate) continue;
        if (std::ranges::all_of(task.stages, [&](const Stage& reader) {
                return reads_in_step(launch, reader, stage.out);
            }))
            found.insert(stage.out);
    }
    return found;
}

std::vector<TensorId> kept_rows(const Launch& launch) {
    std::vector<TensorId> rows;
    const Task& task = launch.generic.task;
    const std::set<TensorId> without = inlined(launch);
    for (const Stage& stage : task.stages) {
        const bool row = task.tensor(stage.out).role == Role::Intermediate &&
                         stage.keep.size() > launch.depth && !without.contains(stage.out);
        if (row) rows.push_back(stage.out);
    }
    return rows;
}

namespace {

using Pairs = std::map<AxisId, AxisId>;

bool alike(const Pairs& axes, const task::Index& a, const task::Index& b) {
    if (a.gather != kNone || b.gather != kNone || a.terms.size() != b.terms.size()) return false;
    if (a.offset != b.offset || a.divisor != b.divisor) return false;
    return std::ranges::all_of(a.terms, [&](const task::Index::Term& term) {
        const auto mapped = axes.find(term.axis);
        return mapped != axes.end() &&
               std::ranges::any_of(b.terms, [&](const task::Index::Term& other) {
                   return other.axis == mapped->second && other.coefficient == term.coefficient;
               });
    });
}

// The same expression, where the axes of one are called as the others.
bool alike(const Task& task, const Pairs& axes, ExprId a, ExprId b) {
    const task::Expr& one = task.expr(a);
    const task::Expr& other = task.expr(b);
    if (one.op != other.op || one.number != other.number) return false;
    if (one.op == Op::Axis)
        return axes.contains(one.reference) && axes.at(one.reference) == other.reference;
    if (one.op == Op::Load) {
        const task::Access& x = task.access(one.reference);
        const task::Access& y = task.access(other.reference);
        return x.tensor == y.tensor && x.outside == kNone && y.outside == kNone &&
               std::ranges::equal(x.at, y.at, [&](const task::Index& p, const task::Index& q) {
                   return alike(axes, p, q);
               });
    }
    for (int kid = 0; kid < task::operands(one.op); kid++)
        if (!alike(task, axes, one.kid[kid], other.kid[kid])) return false;
    return true;
}

bool folds_row(const Launch& launch, const Stage& stage, Reducer how) {
    return stage.how == how && stage.keep.size() == launch.depth && stage.reduce.size() == 1 &&
           stage.where.empty();
}

// sum[n](exp(f(n) - m)), where m is the maximum of f; or the same by an intermediate.
bool sums_over(const Launch& launch, const Stage& maximum, const Stage& sum) {
    const Task& task = launch.generic.task;
    const Stage* inner = &sum;
    const task::Expr* body = &task.expr(sum.body);
    if (body->op == Op::Load) {
        inner = task.producer(task.access(body->reference).tensor);
        if (inner == nullptr || !inlined(launch).contains(inner->out)) return false;
        body = &task.expr(inner->body);
    }
    if (body->op != Op::Exp) return false;
    const task::Expr& difference = task.expr(body->kid[0]);
    if (difference.op != Op::Sub) return false;
    const task::Expr& less = task.expr(difference.kid[1]);
    if (less.op != Op::Load || task.access(less.reference).tensor != maximum.out) return false;
    Pairs axes;
    for (std::size_t d = 0; d < launch.depth; d++)
        axes[inner->keep[d]] = maximum.keep[d];
    const std::vector<AxisId> loops = row_loops(launch, *inner);
    if (loops.size() != 1) return false;
    axes[loops[0]] = maximum.reduce[0];
    return alike(task, axes, difference.kid[0], maximum.body);
}

}  // namespace

std::size_t online_partner(const Launch& launch, std::size_t maximum) {
    const Task& task = launch.generic.task;
    const std::size_t none = task.stages.size();
    if (!folds_row(launch, task.stages[maximum], Reducer::Max)) return none;
    const std::set<TensorId> without = inlined(launch);
    for (std::size_t s = maximum + 1; s < task.stages.size(); s++) {
        const Stage& stage = task.stages[s];
        if (without.contains(stage.out)) continue;
        const bool pair =
            folds_row(launch, stage, Reducer::Sum) &&
            task.axis(stage.reduce[0]).extent == task.axis(task.stages[maximum].reduce[0]).extent &&
            sums_over(launch, task.stages[maximum], stage);
        return pair ? s : none;
    }
    return none;
}

}  // namespace cupel::device

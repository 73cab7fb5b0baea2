// SPDX-License-Identifier: Apache-2.0
#include "schedule/demand.hpp"

#include <algorithm>
#include <cmath>

#include "schedule/nest.hpp"

namespace cupel::schedule {
namespace {

using task::Access;
using task::AxisId;
using task::ExprId;
using task::Index;
using task::kNone;
using task::Op;
using task::Stage;
using task::Task;
using task::TensorId;

void add_term(Index& index, AxisId axis, std::int64_t coefficient) {
    const auto same = [&](const Index::Term& term) { return term.axis == axis; };
    const auto at = std::ranges::find_if(index.terms, same);
    if (at != index.terms.end()) {
        at->coefficient += coefficient;
    } else {
        index.terms.push_back({axis, coefficient});
    }
    std::erase_if(index.terms, [](const Index::Term& term) { return term.coefficient == 0; });
    std::ranges::sort(index.terms, {}, &Index::Term::axis);
}

// Adds `sign` times a sum of axes and whole numbers; false where the expression is something else.
bool add_affine(const Task& task, ExprId id, std::int64_t sign, Index& index) {
    const task::Expr& expr = task.expr(id);
    if (expr.op == Op::Axis) {
        add_term(index, expr.reference, sign);
        return true;
    }
    if (expr.op == Op::Const) {
        constexpr double kLargest = 1e9;
        if (std::floor(expr.number) != expr.number || std::abs(expr.number) > kLargest)
            return false;
        index.offset += sign * static_cast<std::int64_t>(expr.number);
        return true;
    }
    if (expr.op != Op::Add && expr.op != Op::Sub) return false;
    return add_affine(task, expr.kid[0], sign, index) &&
           add_affine(task, expr.kid[1], expr.op == Op::Add ? sign : -sign, index);
}

// `axis <= end`, `axis < end`: what the axis stays below where the condition holds.
std::optional<Index> below(const Task& task, ExprId condition, AxisId axis) {
    const task::Expr& expr = task.expr(condition);
    if (expr.op != Op::LessEqual && expr.op != Op::Less) return std::nullopt;
    const task::Expr& left = task.expr(expr.kid[0]);
    if (left.op != Op::Axis || left.reference != axis) return std::nullopt;
    Index end;
    if (!add_affine(task, expr.kid[1], 1, end)) return std::nullopt;
    if (expr.op == Op::LessEqual) end.offset += 1;
    return end;
}

bool reads(const Task& task, ExprId id, TensorId tensor) {
    return std::ranges::any_of(loads(task, id),
                               [&](int load) { return task.access(load).tensor == tensor; });
}

// What the stage keeps the axis below wherever it reads the tensor.
std::optional<Index> kept_below(const Task& task, const Stage& stage, TensorId tensor,
                                AxisId axis) {
    for (const task::Bound& bound : stage.where) {
        if (bound.axis == axis && bound.high && bound.high->divisor == 1 &&
            bound.high->gather == kNone)
            return bound.high;
    }
    const task::Expr& body = task.expr(stage.body);
    if (body.op != Op::Select || reads(task, body.kid[0], tensor) ||
        reads(task, body.kid[2], tensor))
        return std::nullopt;
    return below(task, body.kid[0], axis);
}

// In the axes of `producer`; those that no loop of the reader runs over stay what they are.
std::optional<Index> translated(const Index& end, const Stage& reader, const Access& access,
                                const Stage& producer) {
    Index moved;
    moved.offset = end.offset;
    for (const Index::Term& term : end.terms) {
        const auto is_it = [&](const Index& at) { return at.plain_axis() == term.axis; };
        const auto at = std::ranges::find_if(access.at, is_it);
        const bool runs = std::ranges::find(reader.keep, term.axis) != reader.keep.end() ||
                          std::ranges::find(reader.reduce, term.axis) != reader.reduce.end();
        if (runs && at == access.at.end()) return std::nullopt;
        const AxisId axis =
            runs ? producer.keep[static_cast<std::size_t>(at - access.at.begin())] : term.axis;
        add_term(moved, axis, term.coefficient);
    }
    return moved;
}

// True if the expression is the load, or its product with inputs, which are finite (so are all that
// the referee asks): what else is computed beyond a bound may be infinite there, and times zero
// NaN.
bool is_zero_with(const Task& task, ExprId id, int load) {
    const task::Expr& expr = task.expr(id);
    if (expr.op == Op::Mul)
        return is_zero_with(task, expr.kid[0], load) && is_zero_with(task, expr.kid[1], load);
    return expr.op == Op::Load &&
           (expr.reference == load ||
            task.tensor(task.access(expr.reference).tensor).role == task::Role::Input);
}

bool is_plain(const Access& access) {
    return access.outside == kNone && std::ranges::all_of(access.at, [](const Index& index) {
               return index.plain_axis() != kNone;
           });
}

}  // namespace

std::optional<Demand> demand_of(const Task& task, TensorId tensor) {
    const Stage* const producer = task.producer(tensor);
    if (producer == nullptr || producer->keep.empty() ||
        task.tensor(tensor).role != task::Role::Intermediate)
        return std::nullopt;
    std::optional<Index> agreed;
    for (const Stage& stage : task.stages) {
        for (const int load : loads(task, stage.body)) {
            const Access& access = task.access(load);
            if (access.tensor != tensor) continue;
            if (!is_plain(access)) return std::nullopt;
            const AxisId last = access.at.back().plain_axis();
            auto end = kept_below(task, stage, tensor, last);
            // A map needs no more than what is wanted of itself.
            if (!end && stage.how == task::Reducer::None && last == stage.keep.back()) {
                if (auto theirs = demand_of(task, stage.out)) end = std::move(theirs->end);
            }
            if (!end) return std::nullopt;
            const auto here = translated(*end, stage, access, *producer);
            if (!here || (agreed && !(*agreed == *here))) return std::nullopt;
            agreed = here;
        }
    }
    if (!agreed) return std::nullopt;
    return Demand{producer->keep.back(), *agreed};
}

bool leaves_out_zeros(const Task& task, const Stage& stage, const task::Bound& bound) {
    if (stage.how != task::Reducer::Sum || bound.low || !bound.high) return false;
    return std::ranges::any_of(loads(task, stage.body), [&](int load) {
        const Access& access = task.access(load);
        const Stage* const producer = task.producer(access.tensor);
        if (producer == nullptr || access.at.empty() || !is_plain(access) ||
            access.at.back().plain_axis() != bound.axis || !is_zero_with(task, stage.body, load))
            return false;
        const task::Expr& body = task.expr(producer->body);
        if (producer->how != task::Reducer::None || body.op != Op::Select) return false;
        const task::Expr& otherwise = task.expr(body.kid[2]);
        if (otherwise.op != Op::Const || otherwise.number != 0) return false;
        const auto filled = below(task, body.kid[0], producer->keep.back());
        const auto summed = translated(*bound.high, stage, access, *producer);
        return filled && summed && *filled == *summed;
    });
}

}  // namespace cupel::schedule

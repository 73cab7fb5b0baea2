// SPDX-License-Identifier: Apache-2.0
#include "task/rewrite.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace cupel::task {
namespace {

class Substitution {
public:
    Substitution(Task& task, ExprId from, ExprId to) : task_(task) { done_.emplace(from, to); }

    ExprId run(ExprId id) {
        if (id == kNone) return kNone;
        if (const auto known = done_.find(id); known != done_.end()) return known->second;
        Expr expr = task_.expr(id);
        bool changed = false;
        for (int k = 0; k < operands(expr.op); ++k) {
            const ExprId kid = run(expr.kid[k]);
            changed = changed || kid != expr.kid[k];
            expr.kid[k] = kid;
        }
        if (expr.op == Op::Load) {
            Access access = task_.access(expr.reference);
            changed = run(access);
            if (changed) {
                expr.reference = static_cast<int>(task_.accesses.size());
                task_.accesses.push_back(std::move(access));
            }
        }
        const ExprId now = changed ? append(task_, expr) : id;
        done_.emplace(id, now);
        return now;
    }

private:
    bool run(Access& access) {
        const ExprId outside = run(access.outside);
        bool changed = outside != access.outside;
        access.outside = outside;
        for (Index& index : access.at) {
            const ExprId gather = run(index.gather);
            changed = changed || gather != index.gather;
            index.gather = gather;
        }
        return changed;
    }

    Task& task_;
    std::map<ExprId, ExprId> done_;
};

void collect(const Task& task, ExprId id, std::vector<ExprId>& all) {
    if (id == kNone || std::ranges::find(all, id) != all.end()) return;
    all.push_back(id);
    const Expr& expr = task.expr(id);
    for (int k = 0; k < operands(expr.op); ++k)
        collect(task, expr.kid[k], all);
    if (expr.op != Op::Load) return;
    const Access& access = task.access(expr.reference);
    collect(task, access.outside, all);
    for (const Index& index : access.at)
        collect(task, index.gather, all);
}

std::set<TensorId> loads(const Task& task, const Stage& stage) {
    std::set<TensorId> tensors;
    for (const ExprId id : below(task, stage.body)) {
        const Expr& expr = task.expr(id);
        if (expr.op == Op::Load) tensors.insert(task.access(expr.reference).tensor);
    }
    return tensors;
}

// What the outputs need, in one pass from the last stage to the first.
std::set<TensorId> needed(const Task& task) {
    std::set<TensorId> all(task.outputs.begin(), task.outputs.end());
    for (auto stage = task.stages.rbegin(); stage != task.stages.rend(); ++stage) {
        if (all.contains(stage->out)) all.merge(loads(task, *stage));
    }
    return all;
}

// An access of numbers at positions that are not themselves read from somewhere.
bool can_take_outside(const Task& task, const Expr& expr) {
    if (expr.op != Op::Load) return false;
    const Access& access = task.access(expr.reference);
    return access.outside == kNone && !access.at.empty() &&
           is_float(task.tensor(access.tensor).type) &&
           std::ranges::all_of(access.at, [](const Index& at) { return at.gather == kNone; });
}

bool hide(Task& task, ExprId value) {
    for (Stage& stage : task.stages) {
        for (const ExprId id : below(task, stage.body)) {
            if (!can_take_outside(task, task.expr(id))) continue;
            Access access = task.access(task.expr(id).reference);
            access.outside = value;
            const ExprId load = append_load(task, std::move(access));
            stage.body = substitute(task, stage.body, id, load);
            return true;
        }
    }
    return false;
}

}  // namespace

ExprId append(Task& task, const Expr& expr) {
    task.exprs.push_back(expr);
    return static_cast<ExprId>(task.exprs.size() - 1);
}

ExprId append_constant(Task& task, double value) {
    return append(task, {.op = Op::Const, .number = value});
}

ExprId append_load(Task& task, Access access) {
    task.accesses.push_back(std::move(access));
    return append(task, {.op = Op::Load, .reference = static_cast<int>(task.accesses.size() - 1)});
}

ExprId substitute(Task& task, ExprId root, ExprId from, ExprId to) {
    return Substitution(task, from, to).run(root);
}

std::vector<ExprId> below(const Task& task, ExprId root) {
    std::vector<ExprId> all;
    collect(task, root, all);
    return all;
}

bool tidy(Task& task) {
    const std::set<TensorId> live = needed(task);
    std::erase_if(task.stages, [&](const Stage& stage) { return !live.contains(stage.out); });
    ExprId rest = kNone;
    for (const TensorId input : task.inputs) {
        if (live.contains(input)) continue;
        const std::size_t rank = task.tensor(input).shape.size();
        const ExprId load =
            append_load(task, {.tensor = input, .at = std::vector<Index>(rank), .outside = kNone});
        rest = rest == kNone ? load : append(task, {.op = Op::Add, .kid = {rest, load, kNone}});
    }
    return rest == kNone || hide(task, rest);
}

}  // namespace cupel::task

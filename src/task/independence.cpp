// SPDX-License-Identifier: Apache-2.0
#include "task/independence.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

#include "task/rewrite.hpp"

namespace cupel::task {
namespace {

using Dimensions = std::set<std::size_t>;

bool adds(const Stage& stage) {
    return stage.how == Reducer::Sum || stage.how == Reducer::Prod;
}

void add_axes(const Task& task, const Index& index, std::set<AxisId>& axes) {
    for (const Index::Term& term : index.terms)
        axes.insert(term.axis);
    if (index.gather == kNone) return;
    for (const ExprId id : below(task, index.gather)) {
        const Expr& expr = task.expr(id);
        if (expr.op == Op::Axis) axes.insert(expr.reference);
        if (expr.op != Op::Load) continue;
        for (const Index& inner : task.access(expr.reference).at)
            add_axes(task, inner, axes);
    }
}

// The axes along which other data is added. Those that only bound or mask a sum are not among them:
// running sums of one row add the same terms again, and are off together. Nor is the axis of a
// factor that could stand before the sum (x[n] in sum[k](x[n] * w[k])): its sums are one, scaled.
std::set<AxisId> axes_of_data(const Task& task, const Stage& stage) {
    std::set<AxisId> axes;
    for (const ExprId id : below(task, stage.body)) {
        const Expr& expr = task.expr(id);
        if (expr.op != Op::Load) continue;
        std::set<AxisId> here;
        for (const Index& index : task.access(expr.reference).at)
            add_axes(task, index, here);
        if (std::ranges::any_of(stage.reduce, [&](AxisId axis) { return here.contains(axis); }))
            axes.merge(here);
    }
    return axes;
}

// Nothing where no sum has gone in: then nothing is shared.
std::optional<Dimensions> told_apart_by(const Task& task, TensorId tensor) {
    const Stage* stage = task.producer(tensor);
    if (stage == nullptr) return std::nullopt;
    Dimensions all;
    for (std::size_t d = 0; d < stage->keep.size(); ++d)
        all.insert(d);
    std::optional<Dimensions> result;
    if (adds(*stage)) {
        const std::set<AxisId> axes = axes_of_data(task, *stage);
        result = all;
        std::erase_if(*result, [&](std::size_t d) { return !axes.contains(stage->keep[d]); });
    }
    for (const ExprId id : below(task, stage->body)) {
        if (task.expr(id).op != Op::Load) continue;
        const Access& access = task.access(task.expr(id).reference);
        const auto inner = told_apart_by(task, access.tensor);
        if (!inner) continue;
        std::set<AxisId> axes;
        for (const std::size_t d : *inner)
            add_axes(task, access.at[d], axes);
        if (!result) result = all;
        std::erase_if(*result, [&](std::size_t d) { return !axes.contains(stage->keep[d]); });
    }
    return result;
}

}  // namespace

std::vector<std::size_t> independent_dimensions(const Task& task, TensorId output) {
    if (const auto dimensions = told_apart_by(task, output))
        return {dimensions->begin(), dimensions->end()};
    std::vector<std::size_t> every(task.tensor(output).shape.size());
    std::iota(every.begin(), every.end(), std::size_t{0});
    return every;
}

}  // namespace cupel::task

// SPDX-License-Identifier: Apache-2.0
// What any kernel must do at least: an expression is counted once for each combination of the axes
// it depends on, so that what is invariant in a loop is not counted inside it.
#include <algorithm>
#include <map>
#include <set>

#include "task/task.hpp"

namespace cupel::task {
namespace {

bool is_flop(Op op) {
    return op == Op::Add || op == Op::Sub || op == Op::Mul || op == Op::Div || op == Op::Min ||
           op == Op::Max;
}

bool is_transcendental(Op op) {
    return op == Op::Exp || op == Op::Log || op == Op::Sqrt || op == Op::Tanh || op == Op::Erf ||
           op == Op::Sin || op == Op::Cos || op == Op::Pow;
}

class StageCounter {
public:
    StageCounter(const Task& task, const Stage& stage, Counts& counts)
        : task_(task), stage_(stage), counts_(counts) {}

    void run() {
        visit(stage_.body);
        if (stage_.how == Reducer::None) return;
        std::set<AxisId> all(stage_.keep.begin(), stage_.keep.end());
        all.insert(stage_.reduce.begin(), stage_.reduce.end());
        counts_.flops += points(all);
    }

private:
    using Axes = std::set<AxisId>;

    // Counts below the expression once and returns the axes it depends on.
    const Axes& visit(ExprId id) {
        if (const auto known = depends_.find(id); known != depends_.end()) return known->second;
        const Expr& expr = task_.expr(id);
        Axes axes;
        const auto take = [&](ExprId below) {
            if (below != kNone) axes.merge(Axes(visit(below)));
        };
        if (expr.op == Op::Axis) axes.insert(expr.reference);
        if (expr.op == Op::Load) {
            const Access& access = task_.access(expr.reference);
            for (const Index& index : access.at) {
                for (const Index::Term& term : index.terms)
                    axes.insert(term.axis);
                take(index.gather);
            }
            take(access.outside);
        }
        for (const ExprId kid : expr.kid)
            take(kid);
        if (is_flop(expr.op)) counts_.flops += points(axes);
        if (is_transcendental(expr.op)) counts_.transcendentals += points(axes);
        return depends_.emplace(id, std::move(axes)).first->second;
    }

    [[nodiscard]] double points(const Axes& axes) const {
        double product = 1;
        for (const AxisId axis : axes)
            product *= static_cast<double>(task_.axis(axis).extent);
        for (const Bound& bound : stage_.where) {
            if (axes.contains(bound.axis)) product *= fraction(bound);
        }
        return product;
    }

    // The part of an axis's range that its restriction leaves, averaged over the axes it names: on
    // all of their values up to 2^16 combinations, else on an even grid of them.
    [[nodiscard]] double fraction(const Bound& bound) const {
        Axes named;
        for (const auto& side : {bound.low, bound.high}) {
            if (!side) continue;
            for (const Index::Term& term : side->terms)
                named.insert(term.axis);
        }
        std::vector<std::pair<AxisId, std::int64_t>> grid;  // axis, points
        std::int64_t total = 1;
        for (const AxisId axis : named) {
            const std::int64_t most = named.size() == 1 ? 65536 : 16;
            grid.emplace_back(axis, std::min(task_.axis(axis).extent, most));
            total *= grid.back().second;
            if (total > 1 << 20) return 0.5;
        }
        double sum = 0;
        for (std::int64_t i = 0; i < total; i++)
            sum += width(bound, grid, i);
        return sum / static_cast<double>(total) /
               static_cast<double>(task_.axis(bound.axis).extent);
    }

    // How many values the restriction leaves at the i-th point of the grid.
    [[nodiscard]] double width(const Bound& bound,
                               const std::vector<std::pair<AxisId, std::int64_t>>& grid,
                               std::int64_t i) const {
        std::map<AxisId, double> at;
        for (const auto& [axis, count] : grid) {
            const auto extent = static_cast<double>(task_.axis(axis).extent);
            const double step = extent / static_cast<double>(count);
            at[axis] = static_cast<double>(i % count) * step + (step - 1) / 2;
            i /= count;
        }
        const auto value = [&](const Index& side) {
            auto result = static_cast<double>(side.offset);
            for (const Index::Term& term : side.terms) {
                result += static_cast<double>(term.coefficient) * at[term.axis];
            }
            return result;
        };
        const auto extent = static_cast<double>(task_.axis(bound.axis).extent);
        const double low = bound.low ? std::clamp(value(*bound.low), 0.0, extent) : 0;
        const double high = bound.high ? std::clamp(value(*bound.high), 0.0, extent) : extent;
        return std::max(high - low, 0.0);
    }

    const Task& task_;
    const Stage& stage_;
    Counts& counts_;
    std::map<ExprId, Axes> depends_;
};

}  // namespace

Counts count(const Task& task) {
    Counts counts;
    for (const Stage& stage : task.stages)
        StageCounter(task, stage, counts).run();
    for (const TensorId id : task.inputs)
        counts.input_bytes += task.tensor(id).bytes();
    for (const TensorId id : task.outputs)
        counts.output_bytes += task.tensor(id).bytes();
    return counts;
}

}  // namespace cupel::task

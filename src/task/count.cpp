// SPDX-License-Identifier: Apache-2.0
// What any kernel must do at least, since the referee calls faster figures impossible: an
// expression is counted once for each combination of the axes it depends on, only where a result
// needs it, and products with padding are not counted. Algebra that changes the algorithm
// (Winograd, Strassen) can still need less.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include "task/task.hpp"

namespace cupel::task {
namespace {

using Axes = std::set<AxisId>;

// Points looked at for one share, and for all of a task: what is beyond is sampled, then claimed 0.
constexpr std::int64_t kMaxGrid = std::int64_t{1} << 16;
constexpr std::int64_t kMaxWork = std::int64_t{1} << 22;

bool is_flop(Op op) {
    return op == Op::Add || op == Op::Sub || op == Op::Mul || op == Op::Div || op == Op::Min ||
           op == Op::Max;
}

bool is_transcendental(Op op) {
    return op == Op::Exp || op == Op::Log || op == Op::Sqrt || op == Op::Tanh || op == Op::Erf ||
           op == Op::Sin || op == Op::Cos || op == Op::Pow;
}

bool contains(const Axes& all, const Axes& some) {
    return std::ranges::includes(all, some);
}

Axes axes_of(const Index& index) {
    Axes axes;
    for (const Index::Term& term : index.terms)
        axes.insert(term.axis);
    return axes;
}

using Point = std::map<AxisId, double>;

struct Line {  // evenly spread values of one axis
    AxisId axis = kNone;
    std::int64_t count = 1;
    double step = 1;
};

std::vector<Line> grid_of(const Task& task, const Axes& axes) {
    double all = 1;
    for (const AxisId axis : axes)
        all *= static_cast<double>(task.axis(axis).extent);
    const double share =
        std::pow(kMaxGrid, 1.0 / static_cast<double>(std::max<std::size_t>(1, axes.size())));
    const auto most = static_cast<std::int64_t>(all <= kMaxGrid ? kMaxGrid : share);
    std::vector<Line> grid;
    for (const AxisId axis : axes) {
        const std::int64_t extent = task.axis(axis).extent;
        const std::int64_t count = std::min(extent, most);
        grid.push_back({axis, count, static_cast<double>(extent) / static_cast<double>(count)});
    }
    return grid;
}

// The mean of a function over all values of some axes, or over an even grid where those are many.
template <class Function>
double mean_over(const Task& task, const Axes& axes, std::int64_t& work, Function&& function) {
    const std::vector<Line> grid = grid_of(task, axes);
    std::int64_t total = 1;
    for (const Line& line : grid)
        total *= line.count;
    work -= total;
    if (work < 0) return 0;
    double sum = 0;
    Point at;
    for (std::int64_t i = 0; i < total; i++) {
        std::int64_t rest = i;
        for (const Line& line : grid) {
            at[line.axis] = std::floor(static_cast<double>(rest % line.count) * line.step);
            rest /= line.count;
        }
        sum += function(at);
    }
    return sum / static_cast<double>(total);
}

double numerator(const Index& index, const Point& at) {
    auto value = static_cast<double>(index.offset);
    for (const Index::Term& term : index.terms) {
        value += static_cast<double>(term.coefficient) * at.at(term.axis);
    }
    return value;
}

// A share of the points of some axes that is needed.
struct Portion {
    Axes axes;
    double share = 1;
};

// The part of a restricted axis's range that its restriction leaves.
Portion portion_of(const Task& task, const Bound& bound, std::int64_t& work) {
    Axes named;
    if (bound.low) named.merge(axes_of(*bound.low));
    if (bound.high) named.merge(axes_of(*bound.high));
    const auto extent = static_cast<double>(task.axis(bound.axis).extent);
    Portion part{.axes = named};
    part.share = mean_over(task, named, work, [&](const Point& at) {
        const double low = bound.low ? std::clamp(numerator(*bound.low, at), 0.0, extent) : 0;
        const double high =
            bound.high ? std::clamp(numerator(*bound.high, at), 0.0, extent) : extent;
        return std::max(high - low, 0.0) / extent;
    });
    part.axes.insert(bound.axis);
    return part;
}

// How much of an intermediate its readers need, and along which of its dimensions they choose.
struct Demand {
    double share = 0;
    std::vector<std::size_t> dimensions;
};

class Counter {
public:
    explicit Counter(const Task& task)
        : task_(task), demand_(task.tensors.size()), coverage_(task.tensors.size(), 0) {
        for (const TensorId id : task.outputs)
            demand_[static_cast<std::size_t>(id)].share = 1;
    }

    Counts run() {
        for (auto stage = task_.stages.rbegin(); stage != task_.stages.rend(); ++stage) {
            count_stage(*stage);
        }
        for (const TensorId id : task_.inputs) {
            const double share = std::min(1.0, coverage_[static_cast<std::size_t>(id)]);
            counts_.input_bytes +=
                std::llround(share * static_cast<double>(task_.tensor(id).bytes()));
        }
        for (const TensorId id : task_.outputs)
            counts_.output_bytes += task_.tensor(id).bytes();
        return counts_;
    }

private:
    void count_stage(const Stage& stage) {
        parts_.clear();
        depends_.clear();
        products_.clear();
        for (const Bound& bound : stage.where)
            parts_.push_back(portion_of(task_, bound, work_));
        const Demand& demand = demand_[static_cast<std::size_t>(stage.out)];
        Portion needed{.axes = {}, .share = demand.share};
        for (const std::size_t d : demand.dimensions)
            needed.axes.insert(stage.keep[d]);
        parts_.push_back(std::move(needed));
        live_ = stage.how == Reducer::Sum ? product(stage.body) : 1;
        Axes all = visit(stage.body);
        if (stage.how == Reducer::None) return;
        // A running sum takes one step per element and one per result, not one per pair of them.
        all.insert(stage.reduce.begin(), stage.reduce.end());
        const Axes kept(stage.keep.begin(), stage.keep.end());
        counts_.flops += std::max(points(all) * live_, points(kept));
        if (is_product_of_inputs(stage) && reaches_outputs_by_maps(stage.out))
            counts_.product_flops += 2 * points(all);
    }

    // sum[k](a[i,k] * b[k,j]), each input with axes that the other lacks. A factor indexed by more
    // than plain axes does not count: what is a convolution has algorithms of lower order.
    [[nodiscard]] bool is_product_of_inputs(const Stage& stage) const {
        const Expr& body = task_.expr(stage.body);
        if (stage.how != Reducer::Sum || body.op != Op::Mul) return false;
        std::array<Axes, 2> axes;
        for (std::size_t k = 0; k < axes.size(); k++) {
            const Expr& factor = task_.expr(body.kid[k]);
            if (factor.op != Op::Load) return false;
            const Access& access = task_.access(factor.reference);
            if (std::ranges::find(task_.inputs, access.tensor) == task_.inputs.end()) return false;
            axes[k] = plain_axes(access);
            if (axes[k].size() != access.at.size()) return false;
        }
        return !contains(axes[0], axes[1]) && !contains(axes[1], axes[0]);
    }

    [[nodiscard]] bool reaches_outputs_by_maps(TensorId tensor) const {
        return std::ranges::all_of(task_.stages, [&](const Stage& stage) {
            return !reads(stage.body, tensor) ||
                   (stage.how == Reducer::None && reaches_outputs_by_maps(stage.out));
        });
    }

    [[nodiscard]] bool reads(ExprId id, TensorId tensor) const {
        const Expr& expr = task_.expr(id);
        if (expr.op == Op::Load) {
            const Access& access = task_.access(expr.reference);
            if (access.tensor == tensor) return true;
            if (access.outside != kNone && reads(access.outside, tensor)) return true;
            return std::ranges::any_of(access.at, [&](const Index& index) {
                return index.gather != kNone && reads(index.gather, tensor);
            });
        }
        for (int k = 0; k < operands(expr.op); k++) {
            if (reads(expr.kid[k], tensor)) return true;
        }
        return false;
    }

    [[nodiscard]] double points(const Axes& axes) const {
        double result = 1;
        for (const AxisId axis : axes)
            result *= static_cast<double>(task_.axis(axis).extent);
        for (const Portion& part : parts_) {
            if (contains(axes, part.axes)) result *= part.share;
        }
        return result;
    }

    // Counts below the expression once and returns the axes it depends on.
    const Axes& visit(ExprId id) {
        if (const auto known = depends_.find(id); known != depends_.end()) return known->second;
        const Expr& expr = task_.expr(id);
        Axes axes;
        if (expr.op == Op::Axis) axes.insert(expr.reference);
        if (expr.op == Op::Load) axes = visit_access(task_.access(expr.reference));
        for (int k = 0; k < operands(expr.op); k++)
            axes.merge(Axes(visit(expr.kid[k])));
        const double live = products_.contains(id) ? live_ : 1;
        if (is_flop(expr.op)) counts_.flops += points(axes) * live;
        if (is_transcendental(expr.op)) counts_.transcendentals += points(axes);
        return depends_.emplace(id, std::move(axes)).first->second;
    }

    Axes visit_access(const Access& access) {
        const Tensor& tensor = task_.tensor(access.tensor);
        Axes axes;
        double coverage = 1;
        for (std::size_t d = 0; d < access.at.size(); d++) {
            const Index& index = access.at[d];
            Axes here = axes_of(index);
            if (index.gather != kNone) here.merge(Axes(visit(index.gather)));
            double reached = 1;
            for (const AxisId axis : here) {
                reached *= static_cast<double>(task_.axis(axis).extent);
            }
            // Of n uniform draws from m: m (1 - (1 - 1/m)^n) different ones on average.
            const auto extent = static_cast<double>(tensor.shape[d]);
            if (index.gather != kNone)
                reached = -extent * std::expm1(reached * std::log1p(-1 / extent));
            coverage *= std::min(1.0, reached / extent);
            axes.merge(std::move(here));
        }
        note_demand(access);
        if (access.outside != kNone) axes.merge(Axes(visit(access.outside)));
        for (const Portion& part : parts_) {
            if (contains(plain_axes(access), part.axes)) coverage *= part.share;
        }
        double& known = coverage_[static_cast<std::size_t>(access.tensor)];
        known = std::max(known, coverage);
        return axes;
    }

    static Axes plain_axes(const Access& access) {
        Axes axes;
        for (const Index& index : access.at)
            axes.insert(index.plain_axis());
        axes.erase(kNone);
        return axes;
    }

    // What this access needs of an intermediate.
    void note_demand(const Access& access) {
        Demand demand{.share = 1, .dimensions = {}};
        for (const Portion& part : parts_) {
            if (!contains(plain_axes(access), part.axes)) continue;
            demand.share *= part.share;
            for (std::size_t d = 0; d < access.at.size(); d++) {
                if (part.axes.contains(access.at[d].plain_axis())) demand.dimensions.push_back(d);
            }
        }
        Demand& known = demand_[static_cast<std::size_t>(access.tensor)];
        if (demand.share > known.share) known = std::move(demand);
    }

    // The share of the points where a product has no factor that is padding with 0; its
    // multiplications are remembered.
    double product(ExprId id) {
        const Expr& expr = task_.expr(id);
        if (expr.op == Op::Mul) {
            products_.insert(id);
            const double left = product(expr.kid[0]);
            return left * product(expr.kid[1]);
        }
        if (expr.op != Op::Load) return 1;
        const Access& access = task_.access(expr.reference);
        if (access.outside == kNone) return 1;
        const Expr& outside = task_.expr(access.outside);
        if (outside.op != Op::Const || outside.number != 0) return 1;
        double share = 1;
        for (std::size_t d = 0; d < access.at.size(); d++) {
            const Index& index = access.at[d];
            if (index.gather != kNone) continue;
            const auto extent = static_cast<double>(task_.tensor(access.tensor).shape[d]);
            const auto divisor = static_cast<double>(index.divisor);
            share *= mean_over(task_, axes_of(index), work_, [&](const Point& at) {
                const double value = numerator(index, at) / divisor;
                return value >= 0 && value < extent && value == std::floor(value) ? 1.0 : 0.0;
            });
        }
        return share;
    }

    const Task& task_;
    Counts counts_;
    std::int64_t work_ = kMaxWork;
    std::vector<Demand> demand_;
    std::vector<double> coverage_;  // the largest share of a tensor that one access reaches
    std::vector<Portion> parts_;    // of the stage at hand, as are the following
    std::map<ExprId, Axes> depends_;
    std::set<ExprId> products_;
    double live_ = 1;
};

}  // namespace

Counts count(const Task& task) {
    return Counter(task).run();
}

}  // namespace cupel::task

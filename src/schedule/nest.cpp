// SPDX-License-Identifier: Apache-2.0
#include "schedule/nest.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schedule/ids.hpp"

namespace cupel::schedule {

using task::Access;
using task::AxisId;
using task::ExprId;
using task::Index;
using task::kNone;
using task::Reducer;
using task::Role;
using task::Stage;
using task::Task;
using task::TensorId;

namespace {

// What one thread may put on its stack for the rows of a group.
constexpr std::int64_t kRowBytes = 1 << 20;

template <class T>
void add_once(std::vector<T>& set, T value) {
    if (std::ranges::find(set, value) == set.end()) set.push_back(value);
}

// Calls visit(expr) for an expression and everything in it.
template <class Visit>
void walk(const Task& task, ExprId id, const Visit& visit) {
    if (id == kNone) return;
    const task::Expr& expr = task.expr(id);
    visit(expr);
    for (const ExprId kid : expr.kid)
        walk(task, kid, visit);
    if (expr.op != task::Op::Load) return;
    const Access& access = task.access(expr.reference);
    for (const Index& index : access.at)
        walk(task, index.gather, visit);
    walk(task, access.outside, visit);
}

}  // namespace

std::vector<int> loads(const Task& task, ExprId id) {
    std::vector<int> found;
    walk(task, id, [&](const task::Expr& expr) {
        if (expr.op == task::Op::Load) add_once(found, expr.reference);
    });
    return found;
}

std::vector<AxisId> axes_of(const Task& task, ExprId id) {
    std::vector<AxisId> found;
    walk(task, id, [&](const task::Expr& expr) {
        if (expr.op == task::Op::Axis) add_once(found, AxisId{expr.reference});
        if (expr.op != task::Op::Load) return;
        for (const Index& index : task.access(expr.reference).at) {
            for (const Index::Term& term : index.terms)
                add_once(found, term.axis);
        }
    });
    return found;
}

std::vector<AxisId> axes_of_access(const Task& task, const Access& access) {
    std::vector<AxisId> found;
    const auto add_all = [&](ExprId id) {
        for (const AxisId axis : id == kNone ? std::vector<AxisId>() : axes_of(task, id))
            add_once(found, axis);
    };
    for (const Index& index : access.at) {
        for (const Index::Term& term : index.terms)
            add_once(found, term.axis);
        add_all(index.gather);
    }
    add_all(access.outside);
    return found;
}

bool mentions(const Index& index, AxisId axis) {
    return std::ranges::find(index.terms, axis, &Index::Term::axis) != index.terms.end();
}
bool mentions(const Task& task, ExprId id, AxisId axis) {
    const std::vector<AxisId> used = axes_of(task, id);
    return std::ranges::find(used, axis) != used.end();
}

std::optional<Scan> scan_of(const Task& task, const Stage& stage) {
    const bool arg = stage.how == Reducer::ArgMax || stage.how == Reducer::ArgMin;
    if (stage.reduce.size() != 1 || stage.where.size() != 1 || arg) return std::nullopt;
    const task::Bound& bound = stage.where.front();
    if (bound.axis != stage.reduce.front() || bound.low.has_value() == bound.high.has_value()) {
        return std::nullopt;
    }
    Scan scan{
        .position = 0, .along = kNone, .reduced = bound.axis, .reverse = bound.low.has_value()};
    const Index& end = scan.reverse ? *bound.low : *bound.high;
    if (end.terms.size() != 1 || end.terms[0].coefficient != 1 || end.divisor != 1)
        return std::nullopt;
    scan.along = end.terms[0].axis;
    const auto kept = std::ranges::find(stage.keep, scan.along);
    if (kept == stage.keep.end() || end.offset < 0 || end.offset > 1) return std::nullopt;
    if (task.axis(scan.along).extent != task.axis(scan.reduced).extent) return std::nullopt;
    const std::vector<AxisId> used = axes_of(task, stage.body);
    if (std::ranges::find(used, scan.along) != used.end()) return std::nullopt;
    scan.position = at(static_cast<int>(kept - stage.keep.begin()));
    scan.inclusive = scan.reverse == (end.offset == 0);
    return scan;
}

std::vector<AxisId> reduce_order(const Stage& stage) {
    std::vector<AxisId> order;
    std::vector<AxisId> left = stage.reduce;
    const auto waits = [&](AxisId axis) {  // for a reduce axis that has no loop yet
        const auto in = [&](const std::optional<Index>& end) {
            return end && std::ranges::any_of(end->terms, [&](const Index::Term& term) {
                       return term.axis != axis && std::ranges::find(left, term.axis) != left.end();
                   });
        };
        return std::ranges::any_of(stage.where, [&](const task::Bound& bound) {
            return bound.axis == axis && (in(bound.low) || in(bound.high));
        });
    };
    while (!left.empty()) {
        auto next = std::ranges::find_if(left, [&](AxisId axis) { return !waits(axis); });
        if (next == left.end()) next = left.begin();  // a cycle, which the parser refuses
        order.push_back(*next);
        left.erase(next);
    }
    return order;
}

namespace {

// The largest value (sign 1) or the smallest (sign -1) that an affine index takes.
std::int64_t extreme(const Task& task, const Index& index, std::int64_t sign) {
    std::int64_t value = index.offset;
    for (const Index::Term& term : index.terms) {
        const std::int64_t last = task.axis(term.axis).extent - 1;
        if (term.coefficient * sign > 0) value += term.coefficient * last;
    }
    return value;
}

}  // namespace

Ends ends_of(const Task& task, const Stage& stage, AxisId axis, const AxisName& name) {
    std::string low = "0";
    std::string high = extent(task, axis);
    for (const task::Bound& bound : stage.where) {
        if (bound.axis != axis) continue;
        if (bound.low) {
            const bool safe = low == "0" && extreme(task, *bound.low, -1) >= 0;
            const std::string from = affine(*bound.low, name);
            low = safe ? from : fmt::format("std::max<long>({}, {})", low, from);
        }
        if (bound.high) {
            const bool safe = extreme(task, *bound.high, 1) <= task.axis(axis).extent;
            const std::string to = affine(*bound.high, name);
            high = safe ? to : fmt::format("std::min<long>({}, {})", high, to);
        }
    }
    return {low, high};
}

std::string loop(const Task& task, const Stage& stage, AxisId axis, const AxisName& name) {
    const Ends ends = ends_of(task, stage, axis, name);
    return fmt::format("for (long {0} = {1}; {0} < {2}; ++{0})", name(axis), ends.low, ends.high);
}

// ---- Groups

namespace {

std::size_t free_depth(const Task& task, const Stage& stage) {
    const auto scan = scan_of(task, stage);
    return scan ? scan->position : stage.keep.size();
}

// The leading axes that `later` shares with the stages of the group before it.
std::size_t shared_depth(const Task& task, const Group& group, const Stage& later) {
    std::size_t depth = std::min(group.depth, free_depth(task, later));
    const Stage& head = task.stages[group.stages.front()];
    depth = std::min(depth, free_depth(task, head));
    for (std::size_t d = 0; d < depth; ++d) {
        if (task.axis(head.keep[d]).extent != task.axis(later.keep[d]).extent) depth = d;
    }
    for (const int load : loads(task, later.body)) {
        const Access& access = task.access(load);
        const auto fills = [&](std::size_t s) { return task.stages[s].out == access.tensor; };
        if (std::ranges::none_of(group.stages, fills)) continue;
        for (std::size_t d = 0; d < depth; ++d) {
            if (access.at[d].gather != kNone || access.at[d].plain_axis() != later.keep[d])
                depth = d;
        }
    }
    return depth;
}

// Bytes that the tensor takes without its first `depth` dimensions.
std::int64_t row_bytes(const task::Tensor& tensor, std::size_t depth) {
    std::int64_t bytes = 8;
    for (std::size_t d = depth; d < tensor.shape.size(); ++d)
        bytes *= tensor.shape[d];
    return bytes;
}

bool rows_fit(const Task& task, const Group& group, std::size_t depth) {
    std::int64_t bytes = 0;
    for (const std::size_t s : group.stages) {
        const task::Tensor& tensor = task.tensor(task.stages[s].out);
        if (tensor.role != Role::Intermediate) continue;
        const std::int64_t row = row_bytes(tensor, depth);
        if (row > kRowBytes) return false;
        bytes += row;
    }
    return bytes <= kRowBytes;
}

void place(const Task& task, Nest& nest) {
    std::vector<std::size_t> group_of(task.stages.size());
    for (std::size_t g = 0; g < nest.groups.size(); ++g) {
        for (const std::size_t s : nest.groups[g].stages)
            group_of[s] = g;
    }
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        const TensorId out = task.stages[s].out;
        if (task.tensor(out).role != Role::Intermediate) continue;
        nest.homes[at(out)] = Home::Row;
        nest.depths[at(out)] = nest.groups[group_of[s]].depth;
        for (std::size_t t = s + 1; t < task.stages.size(); ++t) {
            const auto reads = [&](int load) { return task.access(load).tensor == out; };
            const bool elsewhere = group_of[t] != group_of[s];
            if (!elsewhere || std::ranges::none_of(loads(task, task.stages[t].body), reads))
                continue;
            const bool scalar = task.tensor(out).shape.empty();
            nest.homes[at(out)] = scalar ? Home::Local : Home::Scratch;
        }
        const Group& own = nest.groups[group_of[s]];
        if (nest.homes[at(out)] == Home::Row && own.stages.size() == 1) {
            nest.homes[at(out)] = task.tensor(out).shape.empty() ? Home::Local : Home::Scratch;
        }
        if (nest.homes[at(out)] != Home::Row) nest.depths[at(out)] = 0;
    }
}

}  // namespace

Nest nest_of(const Task& task) {
    Nest nest;
    nest.homes.assign(task.tensors.size(), Home::Parameter);
    nest.depths.assign(task.tensors.size(), 0);
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        const Stage& stage = task.stages[s];
        if (!nest.groups.empty()) {
            Group& last = nest.groups.back();
            const std::size_t depth = shared_depth(task, last, stage);
            Group joined = last;
            joined.stages.push_back(s);
            joined.depth = depth;
            if (depth > 0 && rows_fit(task, joined, depth)) {
                last = joined;
                continue;
            }
        }
        nest.groups.push_back({{s}, stage.keep.size()});
        if (scan_of(task, stage)) --nest.groups.back().depth;
    }
    place(task, nest);
    return nest;
}

namespace {

// The axes at whose steps the stage reads what the group fills; none: it reads nothing of it, or
// more than one step's.
std::vector<AxisId> steps_read(const Task& task, const Group& group, const Stage& stage) {
    std::vector<AxisId> steps;
    for (const int load : loads(task, stage.body)) {
        const Access& access = task.access(load);
        const auto fills = [&](std::size_t s) { return task.stages[s].out == access.tensor; };
        const auto filler = std::ranges::find_if(group.stages, fills);
        if (filler == group.stages.end()) continue;
        if (group.joined.contains(*filler)) return {};  // whose steps are not its leading axes
        std::vector<AxisId> here;
        for (std::size_t d = 0; d < group.depth; ++d)
            here.push_back(access.at[d].plain_axis());
        if (!steps.empty() && here != steps) return {};
        steps = std::move(here);
    }
    std::vector<AxisId> seen;
    for (const AxisId step : steps) {
        const bool again = std::ranges::find(seen, step) != seen.end();
        if (again || std::ranges::find(stage.keep, step) == stage.keep.end()) return {};
        seen.push_back(step);
    }
    return steps;
}

}  // namespace

Result<void> join(const Task& task, Nest& nest, std::size_t s) {
    const Stage& stage = task.stages[s];
    const std::string& name = task.tensor(stage.out).name;
    const auto own = std::ranges::find_if(
        nest.groups, [&](const Group& group) { return group.stages == std::vector{s}; });
    const bool leads = own != nest.groups.end() && own != nest.groups.begin();
    if (!leads || task.tensor(stage.out).role != Role::Output || scan_of(task, stage))
        return fail(Errc::Invalid, name + " is no output in loops of its own after others");
    Group both = *(own - 1);
    const auto scans = [&](std::size_t t) { return scan_of(task, task.stages[t]).has_value(); };
    if (std::ranges::any_of(both.stages, scans))
        return fail(Errc::Invalid, "before " + name + " there is a running value");
    const std::vector<AxisId> steps = steps_read(task, both, stage);
    const std::vector<AxisId> head = outer_axes(task, both, both.stages.front());
    const auto same = [&](AxisId a, AxisId b) {
        return task.axis(a).extent == task.axis(b).extent;
    };
    if (steps.empty() || !std::ranges::equal(steps, head, same)) {
        return fail(Errc::Invalid, fmt::format("{} does not read the results of one step of the "
                                               "loops before it",
                                               name));
    }
    both.stages.push_back(s);
    both.joined[s] = steps;
    if (!rows_fit(task, both, both.depth))
        return fail(Errc::Invalid, "what would have to be kept for " + name + " is too much");
    *(own - 1) = std::move(both);
    nest.groups.erase(own);
    place(task, nest);
    return {};
}

std::vector<AxisId> outer_axes(const Task& task, const Group& group, std::size_t stage) {
    if (const auto joined = group.joined.find(stage); joined != group.joined.end())
        return joined->second;
    const Stage& of = task.stages[stage];
    std::vector<AxisId> axes = of.keep;
    const auto scan = scan_of(task, of);
    if (group.stages.size() == 1 && scan) std::erase(axes, scan->along);
    axes.resize(group.depth);
    return axes;
}

}  // namespace cupel::schedule

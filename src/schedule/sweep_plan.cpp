// SPDX-License-Identifier: Apache-2.0
#include "schedule/sweep_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "schedule/ids.hpp"
#include "schedule/sweep_passes.hpp"
#include "schedule/sweep_slide.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule::sweep {

using task::Access;
using task::AxisId;
using task::Index;
using task::kNone;
using task::Reducer;
using task::Role;
using task::Stage;
using task::Task;
using task::TensorId;

namespace {

constexpr std::int64_t kExactAxis = 1 << 24;  // whole numbers up to here are floats exactly

bool is_arg(Reducer how) {
    return how == Reducer::ArgMax || how == Reducer::ArgMin;
}

// What vectors of the working type are loaded from and stored to.
bool fills_lanes(const Task& task, task::Type type) {
    const task::Type real = real_type(task);
    return type == real || (real == task::Type::F32 && is_short(type));
}

// True if the access gives all lanes one element, or consecutive elements of the working type; in
// columns every second one will do, and some may be outside.
bool lane_access(const Task& task, const Access& access, AxisId lane, bool column) {
    bool used = mentions(task, access.outside, lane);
    for (const Index& index : access.at) {
        used = used || mentions(index, lane) || mentions(task, index.gather, lane);
    }
    if (!used) return true;
    if (access.outside != kNone && (!column || mentions(task, access.outside, lane))) return false;
    const task::Type type = task.tensor(access.tensor).type;
    if (!fills_lanes(task, type)) return false;
    for (std::size_t d = 0; d + 1 < access.at.size(); ++d) {
        if (mentions(access.at[d], lane) || mentions(task, access.at[d].gather, lane)) return false;
    }
    const Index& last = access.at.back();
    if (last.gather != kNone || last.divisor != 1) return false;
    const bool even = column && !is_short(type);
    return std::ranges::all_of(last.terms, [&](const Index::Term& term) {
        return term.axis != lane || term.coefficient == 1 || (even && term.coefficient == 2);
    });
}

bool loads_fill_lanes(const Task& task, const Stage& stage, AxisId lane, bool column) {
    return std::ranges::all_of(loads(task, stage.body), [&](int load) {
        return lane_access(task, task.access(load), lane, column);
    });
}

bool lane_axis(const Task& task, const Stage& stage, AxisId lane, int lanes, bool column = false) {
    const std::int64_t extent = task.axis(lane).extent;
    if (extent < lanes || extent > kExactAxis || varies(task, lane)) return false;
    for (const task::Bound& bound : stage.where) {
        if (bound.leaves_out_zeros) continue;
        const bool ends = (bound.low && mentions(*bound.low, lane)) ||
                          (bound.high && mentions(*bound.high, lane));
        if (bound.axis == lane || ends) return false;
    }
    return loads_fill_lanes(task, stage, lane, column);
}

// One reduced axis, which bounds cut.
bool is_bounded_fold(const Task& task, const Stage& stage, int lanes) {
    if (stage.reduce.size() != 1 || stage.where.empty() || is_arg(stage.how)) return false;
    const AxisId lane = stage.reduce.front();
    const std::int64_t extent = task.axis(lane).extent;
    return extent >= lanes && extent <= kExactAxis && !varies(task, lane) &&
           std::ranges::all_of(stage.where,
                               [&](const task::Bound& bound) { return bound.axis == lane; }) &&
           loads_fill_lanes(task, stage, lane, false);
}

StagePlan column_plan(const Task& task, const Stage& stage, const std::vector<AxisId>& kept) {
    StagePlan plan{Shape::Column, kept.back(), kept, {}};
    const bool padded = std::ranges::any_of(
        loads(task, stage.body), [&](int load) { return task.access(load).outside != kNone; });
    if (!padded) return plan;
    const auto spans = inside_spans(task, stage);
    if (!spans || std::ranges::any_of(kept, [&](AxisId axis) { return varies(task, axis); }))
        return {};
    plan.inside = *spans;
    return plan;
}

StagePlan running_plan(const Task& task, const Stage& stage, const Scan& scan,
                       const std::vector<AxisId>& kept, int lanes) {
    if (stage.how != Reducer::Sum || !scan.inclusive || scan.reverse) return {};
    if (kept != std::vector<AxisId>{scan.along} || stage.keep.back() != scan.along) return {};
    const std::int64_t extent = task.axis(scan.reduced).extent;
    if (task.tensor(stage.out).type != real_type(task) || extent < lanes || extent > kExactAxis ||
        varies(task, scan.reduced))
        return {};
    const bool side_by_side = std::ranges::all_of(loads(task, stage.body), [&](int load) {
        return lane_access(task, task.access(load), scan.reduced, false);
    });
    return side_by_side ? StagePlan{Shape::Running, scan.reduced, kept, {}} : StagePlan{};
}

StagePlan stage_plan(const Task& task, const Stage& stage, std::vector<AxisId> kept, int lanes) {
    StagePlan plan;
    if (const auto scan = scan_of(task, stage))
        return running_plan(task, stage, *scan, kept, lanes);
    const task::Type out = task.tensor(stage.out).type;
    const bool real = fills_lanes(task, out);
    if (stage.how == Reducer::None) {
        if (kept.empty() || !real || !lane_axis(task, stage, kept.back(), lanes)) return plan;
        return {Shape::Map, kept.back(), kept, {}};
    }
    const std::vector<AxisId> order = reduce_order(stage);
    const bool folds = lane_axis(task, stage, order.back(), lanes);
    // Values computed otherwise than the naive kernel computes them could differ in which is best.
    const bool bare = task.expr(stage.body).op == task::Op::Load;
    if (folds && bare && is_arg(stage.how) && order.size() == 1 && kept.empty() &&
        out == task::Type::I64) {
        return {Shape::Find, order.back(), order, {}};
    }
    if (folds && real && kept.empty() && !is_arg(stage.how)) {
        return {Shape::Fold, order.back(), order, {}};
    }
    if (real && kept.empty() && is_bounded_fold(task, stage, lanes))
        return {Shape::Bounded, order.back(), order, {}};
    if (kept.empty() || !real || is_arg(stage.how)) return plan;
    if (!lane_axis(task, stage, kept.back(), lanes, true)) return plan;
    return column_plan(task, stage, kept);
}

std::vector<AxisId> inner_axes(const Task& task, const Group& group, std::size_t s) {
    std::vector<AxisId> kept = task.stages[s].keep;
    for (const AxisId outer : outer_axes(task, group, s))
        std::erase(kept, outer);
    return kept;
}

// Takes the last shared axis back into the stages where that is what lanes can run through.
void lower(const Task& task, Plan& plan, Group& group) {
    const auto all = [&](auto&& condition) {
        return std::ranges::all_of(group.stages,
                                   [&](std::size_t s) { return condition(task.stages[s]); });
    };
    if (group.depth == 0 || (group.depth == 1 && group.stages.size() > 1)) return;
    if (!all([&](const Stage& stage) { return stage.keep.size() == group.depth; })) return;
    const bool fits = all([&](const Stage& stage) {
        if (scan_of(task, stage)) return false;
        const StagePlan as_is = stage_plan(task, stage, {}, plan.lanes);
        const StagePlan lowered = stage_plan(task, stage, {stage.keep.back()}, plan.lanes);
        return as_is.shape == Shape::Plain && lowered.shape != Shape::Plain;
    });
    if (!fits) return;
    --group.depth;
    for (const std::size_t s : group.stages) {
        const TensorId out = task.stages[s].out;
        if (plan.nest.homes[at(out)] == Home::Row) plan.nest.depths[at(out)] = group.depth;
    }
}

}  // namespace

bool elementwise(const Access& access, const std::vector<AxisId>& axes, std::size_t first) {
    if (access.at.size() != first + axes.size() || access.outside != kNone) return false;
    for (std::size_t d = 0; d < axes.size(); ++d) {
        const Index& index = access.at[first + d];
        if (index.gather != kNone || index.plain_axis() != axes[d]) return false;
    }
    return true;
}

Plan plan_of(const Task& task, const Width& width) {
    Plan plan;
    plan.lanes = width.vector_bytes / static_cast<int>(task::type_size(real_type(task)));
    plan.nest = nest_of(task);
    plan.stages.resize(task.stages.size());
    plan.unroll.assign(task.stages.size(), 1);
    for (Group& group : plan.nest.groups) {
        lower(task, plan, group);
        for (const std::size_t s : group.stages) {
            plan.stages[s] =
                stage_plan(task, task.stages[s], inner_axes(task, group, s), plan.lanes);
        }
    }
    return plan;
}

namespace {

std::size_t filler(const Task& task, TensorId tensor) {
    return static_cast<std::size_t>(task.producer(tensor) - task.stages.data());
}

// The stages that read it, each of them element by element; none: one of them does not.
std::vector<std::size_t> in_place_readers(const Task& task, const Plan& plan, TensorId tensor) {
    std::vector<std::size_t> readers;
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        for (const int load : loads(task, task.stages[s].body)) {
            const Access& access = task.access(load);
            if (access.tensor != tensor) continue;
            if (!elementwise(access, plan.stages[s].loops, plan.nest.depths[at(tensor)])) return {};
            if (readers.empty() || readers.back() != s) readers.push_back(s);
        }
    }
    return readers;
}

}  // namespace

bool can_inline(const Task& task, const Plan& plan, TensorId tensor) {
    if (plan.nest.homes[at(tensor)] != Home::Row) return false;
    if (window_over(task, plan, filler(task, tensor))) return true;
    const std::vector<std::size_t> readers = in_place_readers(task, plan, tensor);
    if (readers.empty()) return false;
    const Shape shape = plan.stages[filler(task, tensor)].shape;
    if (shape == Shape::Map) {
        return std::ranges::all_of(readers, [&](std::size_t s) {
            const Shape reads = plan.stages[s].shape;
            return reads == Shape::Map || reads == Shape::Fold || reads == Shape::Close;
        });
    }
    const Stage& reader = task.stages[readers.front()];
    return shape == Shape::Column && task.tensor(tensor).type == real_type(task) &&
           readers.size() == 1 && plan.stages[readers.front()].shape == Shape::Map &&
           reader.where.empty() && !plan.inlined.contains(reader.out);
}

void make_inline(const Task& task, Plan& plan, TensorId tensor) {
    const std::size_t column = filler(task, tensor);
    const auto window = window_over(task, plan, column);
    plan.inlined.insert(tensor);
    if (window) {
        plan.stages[*window].under = column;
        return;
    }
    if (plan.stages[column].shape != Shape::Column) return;
    StagePlan& reader = plan.stages[in_place_readers(task, plan, tensor).front()];
    reader.shape = Shape::Close;
    reader.column = column;
}

bool can_stream(const Task& task, const Plan& plan, TensorId tensor) {
    if (task.tensor(tensor).role != Role::Output) return false;
    if (task.tensor(tensor).type != real_type(task)) return false;
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        for (const int load : loads(task, task.stages[s].body)) {
            if (task.access(load).tensor == tensor) return false;
        }
        if (task.stages[s].out != tensor) continue;
        const StagePlan& stage = plan.stages[s];
        const bool written = stage.shape == Shape::Map || stage.shape == Shape::Running ||
                             stage.shape == Shape::Column || stage.shape == Shape::Close;
        if (!written || task.axis(stage.lane).extent % plan.lanes != 0) return false;
    }
    return true;
}

// ---- Verbs

namespace {

std::optional<std::size_t> find_stage(const Task& task, const std::string& name) {
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        if (task.tensor(task.stages[s].out).name == name) return s;
    }
    return std::nullopt;
}

Result<void> apply_unroll(const Task& task, Plan& plan, std::size_t s, const Action& action) {
    if (action.arguments.size() != 1) return fail(Errc::Invalid, "expected `sweep stage U`");
    const std::string& word = action.arguments[0];
    std::int64_t unroll = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), unroll);
    if (error != std::errc() || end != word.data() + word.size() || unroll < 1 || unroll > 16) {
        return fail(Errc::Invalid, fmt::format("U is {}, expected 1 to 16", word));
    }
    const StagePlan& stage = plan.stages[s];
    if (stage.shape == Shape::Plain) {
        return fail(Errc::Invalid,
                    fmt::format("no vector fits {}", task.tensor(task.stages[s].out).name));
    }
    const std::int64_t extent = task.axis(stage.lane).extent;
    if (unroll * plan.lanes > extent) {
        return fail(Errc::Invalid,
                    fmt::format("{} vectors of {} are more than the {} elements of axis {}", unroll,
                                plan.lanes, extent, task.axis(stage.lane).name));
    }
    plan.unroll[s] = unroll;
    return {};
}

Result<void> apply_rows(const Task& task, Plan& plan, std::size_t s, const Action& action) {
    for (const std::int64_t rows : {2, 4, 8}) {
        if (action.arguments != std::vector<std::string>{fmt::format("{}", rows)}) continue;
        if (!can_group_rows(task, plan, s, rows)) {
            return fail(Errc::Invalid,
                        fmt::format("{} is not in a group of sweeps of whole vectors, of rows by "
                                    "the {}",
                                    action.stage, rows));
        }
        plan.rows[group_of(plan, s).stages.front()] = rows;
        return {};
    }
    return fail(Errc::Invalid, "expected `rows stage R`, R being 2, 4 or 8");
}

Result<void> apply_skew(const Task& task, Plan& plan, std::size_t s, const Action& action) {
    for (const std::int64_t rows : {8, 16, 32, 64, 128, 256}) {
        if (action.arguments != std::vector<std::string>{fmt::format("{}", rows)}) continue;
        if (!can_skew(task, plan, s, rows)) {
            return fail(Errc::Invalid,
                        fmt::format("{} is not in a group of several sweeps of the same whole "
                                    "vectors, two or more a step, over {} rows",
                                    action.stage, rows));
        }
        plan.skewed[group_of(plan, s).stages.front()] = rows;
        return {};
    }
    return fail(Errc::Invalid, "expected `skew stage R`, R being 8, 16, 32, 64, 128 or 256");
}

Result<void> apply_join(const Task& task, Plan& plan, std::size_t s, const Action& action) {
    if (!action.arguments.empty()) return fail(Errc::Invalid, "expected `join stage`");
    CUPEL_DO(join(task, plan.nest, s));
    for (const Group& group : plan.nest.groups) {
        if (group.joined.contains(s)) {
            plan.stages[s] =
                stage_plan(task, task.stages[s], inner_axes(task, group, s), plan.lanes);
        }
    }
    return {};
}

Result<void> apply_inline(const Task& task, Plan& plan, TensorId out, const Action& action) {
    if (!action.arguments.empty()) return fail(Errc::Invalid, "expected `inline stage`");
    if (!can_inline(task, plan, out)) {
        return fail(Errc::Invalid,
                    fmt::format("{} is not a row that vectors read element by element, nor columns "
                                "that one map reads so or a window of every second place",
                                action.stage));
    }
    std::vector<TensorId> swept = {out};
    const std::size_t column = filler(task, out);
    if (const auto window = window_over(task, plan, column)) {
        swept.push_back(task.stages[*window].out);
    } else if (plan.stages[column].shape == Shape::Column) {
        swept.push_back(task.stages[in_place_readers(task, plan, out).front()].out);
    }
    for (const TensorId each : swept) {
        if (!plan.fetching.contains(each)) continue;
        return fail(Errc::Invalid,
                    fmt::format("rows are fetched while {} is swept", task.tensor(each).name));
    }
    make_inline(task, plan, out);
    return {};
}

Result<void> apply(const Task& task, Plan& plan, const Action& action) {
    const auto stage = find_stage(task, action.stage);
    if (!stage) return fail(Errc::Invalid, fmt::format("the task has no stage {}", action.stage));
    const TensorId out = task.stages[*stage].out;
    if (action.verb == "join") return apply_join(task, plan, *stage, action);
    if (action.verb == "sweep") return apply_unroll(task, plan, *stage, action);
    if (action.verb == "rows") return apply_rows(task, plan, *stage, action);
    if (action.verb == "skew") return apply_skew(task, plan, *stage, action);
    if (action.verb == "inline") return apply_inline(task, plan, out, action);
    if (action.verb == "hint") {
        if (action.arguments == std::vector<std::string>{"prefetch"}) {
            if (!can_fetch(task, plan, *stage)) {
                return fail(Errc::Invalid, fmt::format("{} does not sweep rows as an input has "
                                                       "them, one after the other",
                                                       action.stage));
            }
            plan.fetching.insert(out);
            return {};
        }
        if (action.arguments != std::vector<std::string>{"stream"}) {
            return fail(Errc::Invalid, "expected `hint stage stream` or `hint stage prefetch`");
        }
        if (!can_stream(task, plan, out)) {
            return fail(Errc::Invalid,
                        fmt::format("{} is not an output that is written once, in whole vectors",
                                    action.stage));
        }
        plan.streamed.insert(out);
        return {};
    }
    return fail(Errc::Invalid, "a sweep knows the verbs join, sweep, rows, inline, hint and skew");
}

}  // namespace

Result<Plan> plan_of(const Task& task, const Width& width, const Trace& trace) {
    if (width.vector_bytes != 16 && width.vector_bytes != 32 && width.vector_bytes != 64) {
        return fail(Errc::Invalid,
                    fmt::format("vectors of {} bytes: expected 16, 32 or 64", width.vector_bytes));
    }
    Plan plan = plan_of(task, width);
    bool joins = true;  // up to the first verb of another kind
    for (const Action& action : trace) {
        const bool late = action.verb == "join" && !joins;
        joins = joins && action.verb == "join";
        const bool early = !plan.skewed.empty() && action.verb != "skew";
        auto done = late ? fail(Errc::Invalid, "loops are joined before what is in them is planned")
                    : early
                        ? fail(Errc::Invalid, "passes are skewed when all else is said: move it up")
                        : apply(task, plan, action);
        if (!done) {
            const std::string line = print_trace({action});
            return std::unexpected(std::move(done).error().in(line.substr(0, line.size() - 1)));
        }
    }
    return plan;
}

}  // namespace cupel::schedule::sweep

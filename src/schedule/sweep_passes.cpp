// SPDX-License-Identifier: Apache-2.0
#include "schedule/sweep_passes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schedule/ids.hpp"

namespace cupel::schedule::sweep {

using task::Access;
using task::AxisId;
using task::Stage;
using task::Task;
using task::TensorId;

namespace {

constexpr std::int64_t kStackBytes = 1 << 20;  // of row buffers

bool is_vector_loop(const StagePlan& stage) {
    return stage.shape == Shape::Map || stage.shape == Shape::Fold;
}

bool reads_fold(const Task& task, const Plan& plan, const Pass& pass, task::ExprId body) {
    return std::ranges::any_of(pass, [&](std::size_t s) {
        return plan.stages[s].shape == Shape::Fold && reads(task, plan, body, task.stages[s].out);
    });
}

bool is_row_buffer(const Task& task, const Plan& plan, TensorId tensor) {
    return plan.nest.homes[at(tensor)] == Home::Row &&
           plan.nest.depths[at(tensor)] < task.tensor(tensor).shape.size();
}

// One value a row, computed from others.
bool is_scalar(const Task& task, const Plan& plan, const Group& group, std::size_t s) {
    const Stage& stage = task.stages[s];
    return plan.stages[s].shape == Shape::Plain && stage.reduce.empty() && stage.where.empty() &&
           stage.keep.size() == group.depth &&
           std::ranges::none_of(loads(task, stage.body), [&](int load) {
               return is_row_buffer(task, plan, task.access(load).tensor);
           });
}

// A map or a fold of whole vectors, without bounds, which reads row buffers in vectors only.
bool is_whole(const Task& task, const Plan& plan, std::size_t s) {
    const StagePlan& stage = plan.stages[s];
    if (!is_vector_loop(stage) || !task.stages[s].where.empty() || !stage.inside.empty() ||
        task.axis(stage.lane).extent % plan.lanes != 0)
        return false;
    return std::ranges::none_of(loads(task, task.stages[s].body), [&](int load) {
        const Access& access = task.access(load);
        const std::vector<AxisId> used = axes_of_access(task, access);
        return is_row_buffer(task, plan, access.tensor) &&
               std::ranges::find(used, stage.lane) == used.end();
    });
}

// True if whatever the stage reads of the tensor, itself or through what is inlined in it, is at
// the position of its loops.
bool reads_in_place(const Task& task, const Plan& plan, std::size_t s, TensorId tensor,
                    std::size_t depth) {
    return std::ranges::all_of(loads(task, task.stages[s].body), [&](int load) {
        const Access& access = task.access(load);
        if (plan.inlined.contains(access.tensor)) {
            const auto inlined =
                static_cast<std::size_t>(task.producer(access.tensor) - task.stages.data());
            return reads_in_place(task, plan, inlined, tensor, depth);
        }
        return access.tensor != tensor || elementwise(access, plan.stages[s].loops, depth);
    });
}

// True if the row buffers that the pass fills are read in the pass itself or in the next one.
bool is_soon_read(const Task& task, const Plan& plan, const std::vector<Leg>& legs, std::size_t leg,
                  std::size_t depth) {
    return std::ranges::all_of(legs[leg].pass, [&](std::size_t s) {
        const TensorId out = task.stages[s].out;
        if (!is_row_buffer(task, plan, out)) return true;
        for (std::size_t k = leg; k < legs.size(); ++k) {
            for (const std::size_t reader : legs[k].pass) {
                if (!reads(task, plan, task.stages[reader].body, out)) continue;
                if (k > leg + 1 || !reads_in_place(task, plan, reader, out, depth)) return false;
            }
        }
        return true;
    });
}

}  // namespace

const Group& group_of(const Plan& plan, std::size_t stage) {
    return *std::ranges::find_if(plan.nest.groups, [&](const Group& group) {
        return std::ranges::find(group.stages, stage) != group.stages.end();
    });
}

std::string until(const Plan& plan, std::size_t s) {
    const auto end = plan.limits.ends.find(plan.stages[s].lane);
    return end == plan.limits.ends.end() ? "" : end->second;
}

bool reads(const Task& task, const Plan& plan, task::ExprId body, TensorId tensor) {
    return std::ranges::any_of(loads(task, body), [&](int load) {
        const TensorId from = task.access(load).tensor;
        if (from == tensor) return true;
        return plan.inlined.contains(from) && reads(task, plan, task.producer(from)->body, tensor);
    });
}

bool read_outside(const Task& task, const Plan& plan, const Pass& pass, TensorId tensor) {
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        const bool here = std::ranges::find(pass, s) != pass.end();
        if (!here && reads(task, plan, task.stages[s].body, tensor)) return true;
    }
    return false;
}

bool joins(const Task& task, const Plan& plan, const Group& group, const Pass& pass,
           std::size_t s) {
    const StagePlan& here = plan.stages[s];
    const StagePlan& first = plan.stages[pass.front()];
    if (!is_vector_loop(here)) return false;
    if (here.loops.size() != first.loops.size() || plan.unroll[s] != plan.unroll[pass.front()])
        return false;
    const auto whole = [&](std::size_t of) {
        return std::ranges::all_of(task.stages[of].where, &task::Bound::leaves_out_zeros);
    };
    if (!whole(s) || !whole(pass.front()) || until(plan, s) != until(plan, pass.front()))
        return false;
    for (std::size_t d = 0; d < here.loops.size(); ++d) {
        if (task.axis(here.loops[d]).extent != task.axis(first.loops[d]).extent) return false;
    }
    if (reads_fold(task, plan, pass, task.stages[s].body)) return false;
    return std::ranges::all_of(loads(task, task.stages[s].body), [&](int load) {
        const Access& access = task.access(load);
        const auto fills = [&](std::size_t other) {
            return task.stages[other].out == access.tensor;
        };
        return std::ranges::none_of(pass, fills) || elementwise(access, here.loops, group.depth);
    });
}

std::vector<Leg> legs_of(const Task& task, const Plan& plan, const Group& group) {
    std::vector<Leg> legs;
    for (const std::size_t s : group.stages) {
        if (plan.inlined.contains(task.stages[s].out)) continue;
        if (plan.stages[s].shape == Shape::Plain && !legs.empty()) {
            legs.back().scalars.push_back(s);
        } else if (!legs.empty() && legs.back().scalars.empty() &&
                   joins(task, plan, group, legs.back().pass, s)) {
            legs.back().pass.push_back(s);
        } else {
            legs.push_back({.pass = {s}});
        }
    }
    return legs;
}

namespace {

AxisId rows_of(const Task& task, const Group& group) {
    return outer_axes(task, group, group.stages.front()).back();
}

// Maps and folds of whole vectors, and scalars between them, over rows.
bool walks_rows(const Task& task, const Plan& plan, const Group& group) {
    if (group.depth == 0) return false;
    const std::vector<Leg> legs = legs_of(task, plan, group);
    const auto whole = [&](std::size_t s) { return is_whole(task, plan, s); };
    const auto scalar = [&](std::size_t s) { return is_scalar(task, plan, group, s); };
    return !legs.empty() && std::ranges::all_of(legs, [&](const Leg& leg) {
        return std::ranges::all_of(leg.pass, whole) && std::ranges::all_of(leg.scalars, scalar);
    });
}

// Of one step of the group's shared loops.
std::int64_t buffer_bytes(const Task& task, const Plan& plan, const Group& group) {
    std::int64_t bytes = 0;
    for (const std::size_t s : group.stages) {
        const TensorId out = task.stages[s].out;
        if (!is_row_buffer(task, plan, out) || plan.inlined.contains(out)) continue;
        const task::Tensor& tensor = task.tensor(out);
        std::int64_t row = static_cast<std::int64_t>(task::type_size(tensor.type));
        for (std::size_t d = plan.nest.depths[at(out)]; d < tensor.shape.size(); ++d)
            row *= tensor.shape[d];
        bytes += row;
    }
    return bytes;
}

}  // namespace

bool can_group_rows(const Task& task, const Plan& plan, std::size_t stage, std::int64_t rows) {
    const Group& group = group_of(plan, stage);
    if (rows < 2 || !walks_rows(task, plan, group)) return false;
    const AxisId outer = rows_of(task, group);
    return !varies(task, outer) && task.axis(outer).extent % rows == 0 &&
           rows * buffer_bytes(task, plan, group) <= kStackBytes;
}

bool can_skew(const Task& task, const Plan& plan, std::size_t stage, std::int64_t rows) {
    const Group& group = group_of(plan, stage);
    if (!walks_rows(task, plan, group) || task.axis(rows_of(task, group)).extent < rows)
        return false;
    if (plan.rows.contains(group.stages.front())) return false;
    const std::vector<Leg> legs = legs_of(task, plan, group);
    const std::size_t head = legs.front().pass.front();
    const std::int64_t length = task.axis(plan.stages[head].lane).extent;
    const std::int64_t unroll = plan.unroll[head];
    if (legs.size() < 2 || unroll < 2 || length % (unroll * plan.lanes) != 0) return false;
    for (std::size_t k = 0; k < legs.size(); ++k) {
        const bool alike = std::ranges::all_of(legs[k].pass, [&](std::size_t s) {
            return plan.stages[s].loops.size() == 1 && plan.unroll[s] == unroll &&
                   task.axis(plan.stages[s].lane).extent == length;
        });
        if (!alike || !is_soon_read(task, plan, legs, k, group.depth)) return false;
    }
    return true;
}

Result<void> rows_end_together(const Task& task, const Plan& plan) {
    for (const Group& group : plan.nest.groups) {
        const std::size_t head = group.stages.front();
        if (!plan.rows.contains(head) && !plan.skewed.contains(head)) continue;
        for (const std::size_t s : group.stages) {
            if (until(plan, s).empty()) continue;
            return fail(Errc::Invalid,
                        fmt::format("rows of {} end where a block does: they are swept one at a "
                                    "time, without `rows` and `skew`",
                                    task.tensor(task.stages[s].out).name));
        }
    }
    return {};
}

}  // namespace cupel::schedule::sweep

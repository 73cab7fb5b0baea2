// SPDX-License-Identifier: Apache-2.0
#include "schedule/sweep_heads.hpp"

#include <algorithm>
#include <utility>

#include "base/result.hpp"
#include "schedule/factor.hpp"
#include "schedule/merge.hpp"
#include "schedule/rewrite.hpp"
#include "schedule/sweep_plan.hpp"

namespace cupel::schedule::sweep {

using task::Task;

namespace {

// All stages that may be taken apart, if vectors fit the parts.
Trace factors(const Task& task, const Width& width) {
    Trace trace;
    for (const task::Stage& stage : task.stages) {
        const std::string& name = task.tensor(stage.out).name;
        const auto two = factored(task, name);
        if (!two) continue;
        const auto same = [&](const task::Stage& each) { return each.out == stage.out; };
        const auto at = std::ranges::find_if(two->stages, same) - two->stages.begin();
        const Plan plan = plan_of(*two, width);
        const auto is_column = [&](std::ptrdiff_t s) {
            return plan.stages[static_cast<std::size_t>(s)].shape == Shape::Column;
        };
        if (is_column(at) && is_column(at - 1)) trace.push_back({"factor", name, {}});
    }
    return trace;
}

// All stages of which short rows may become longer ones, while threads still have loops to share.
Trace merges(const Task& task, const Width& width) {
    constexpr std::int64_t kShort = 32;  // vectors
    Trace trace;
    Task whole = task;
    const auto plain_stages = [&](const Task& of) {
        const Plan plan = plan_of(of, width);
        return std::ranges::count(plan.stages, Shape::Plain, &StagePlan::shape);
    };
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        const std::string& name = task.tensor(task.stages[s].out).name;
        const auto is_short = [&] {
            const task::Stage& stage = whole.stages[s];
            const std::vector<task::AxisId>& axes =
                stage.reduce.empty() ? stage.keep : stage.reduce;
            return stage.keep.size() + stage.reduce.size() > 2 && axes.size() > 1 &&
                   whole.axis(axes.back()).extent < kShort * plan_of(whole, width).lanes;
        };
        while (is_short()) {
            auto longer = merged(whole, name);
            if (!longer || plain_stages(*longer) > plain_stages(whole)) break;
            whole = *std::move(longer);
            trace.push_back({"merge", name, {}});
        }
    }
    return trace;
}

// The stages that may share the loops of those before them.
Trace joins(const Task& task, const Width& width) {
    Trace trace;
    for (const task::Stage& stage : task.stages) {
        Trace more = trace;
        more.push_back({"join", task.tensor(stage.out).name, {}});
        if (plan_of(task, width, more)) trace = std::move(more);
    }
    return trace;
}

}  // namespace

std::vector<Trace> heads(const Task& task, const Width& width) {
    std::vector<Trace> found;
    Trace head = factors(task, width);
    if (head.empty()) head = merges(task, width);
    const auto other = rewritten(task, head);
    CUPEL_CHECK(other.has_value());
    Trace shared = head;
    std::ranges::copy(joins(other->task, width), std::back_inserter(shared));
    for (Trace each : {std::move(shared), std::move(head), Trace()}) {
        if (std::ranges::find(found, each) == found.end()) found.push_back(std::move(each));
    }
    return found;
}

}  // namespace cupel::schedule::sweep

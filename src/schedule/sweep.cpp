// SPDX-License-Identifier: Apache-2.0
#include "schedule/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "schedule/sweep_plan.hpp"
#include "schedule/sweep_print.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule::sweep {

using task::Task;
using task::TensorId;

namespace {

constexpr std::size_t kMost = 64;

struct Choice {
    std::int64_t unroll = 4;  // vectors at a time, in all stages
    bool stream = false;      // outputs go past the caches
    bool prefetch = false;    // the next rows are fetched while outputs are written
    bool rows = true;         // reductions take several rows at a time
};

// Rows at a time, and vectors of each, so that all sums stay in registers; {1, 0} where the group
// that begins with the stage cannot.
struct Tall {
    std::int64_t rows = 1;
    std::int64_t unroll = 0;
};
Tall tall(const Task& task, const Plan& plan, std::size_t stage) {
    constexpr std::int64_t kSums = 12;
    if (plan.stages[stage].shape != Shape::Fold) return {};
    for (const std::int64_t rows : {4, 2}) {
        if (!can_group_rows(task, plan, stage, rows)) continue;
        std::int64_t folds = 0;
        for (const Group& group : plan.nest.groups) {
            if (group.stages.front() != stage) continue;
            for (const std::size_t s : group.stages)
                folds += plan.stages[s].shape == Shape::Fold ? 1 : 0;
        }
        const std::int64_t vectors = task.axis(plan.stages[stage].lane).extent / plan.lanes;
        return {.rows = rows,
                .unroll = 2 * rows * folds <= kSums ? std::min<std::int64_t>(2, vectors) : 1};
    }
    return {};
}

// One verb list for one choice and the rows that are inlined.
Trace trace_of(const Task& task, const Plan& plan, const Choice& choice, unsigned inlined) {
    Trace trace;
    unsigned bit = 0;
    Tall together;  // of the group that is being written
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        const task::Tensor& out = task.tensor(task.stages[s].out);
        if (can_inline(task, plan, task.stages[s].out) && ((inlined >> bit++) & 1U) != 0) {
            trace.push_back({"inline", out.name, {}});
            continue;
        }
        const StagePlan& stage = plan.stages[s];
        if (stage.shape == Shape::Plain) continue;
        const auto begins = [&](const Group& group) { return group.stages.front() == s; };
        if (std::ranges::any_of(plan.nest.groups, begins))
            together = choice.rows ? tall(task, plan, s) : Tall{};
        const std::int64_t wanted = together.rows > 1 ? together.unroll : choice.unroll;
        const std::int64_t most =
            std::min<std::int64_t>(wanted, task.axis(stage.lane).extent / plan.lanes);
        trace.push_back({"sweep", out.name, {fmt::format("{}", most)}});
        if (together.rows > 1 && std::ranges::any_of(plan.nest.groups, begins))
            trace.push_back({"rows", out.name, {fmt::format("{}", together.rows)}});
        if (choice.stream && can_stream(task, plan, task.stages[s].out))
            trace.push_back({"hint", out.name, {"stream"}});
        if (choice.prefetch && !next_rows(task, plan, task.stages[s].out).empty())
            trace.push_back({"hint", out.name, {"prefetch"}});
    }
    return trace;
}

// Past the caches if the outputs would not stay in them.
bool large(const Task& task, const Width& width) {
    std::int64_t bytes = 0;
    for (const TensorId id : task.outputs)
        bytes += task.tensor(id).bytes();
    return bytes / std::max(width.threads, 1) > width.l3_bytes / 2;
}

// An intermediate without functions costs less to compute again than to keep.
unsigned cheap_rows(const Task& task, const Plan& plan) {
    unsigned chosen = 0;
    unsigned bit = 0;
    for (const task::Stage& stage : task.stages) {
        if (!can_inline(task, plan, stage.out)) continue;
        const task::Expr& body = task.expr(stage.body);
        const auto load = [&](task::ExprId kid) {
            return kid == task::kNone || task.expr(kid).op == task::Op::Load;
        };
        const bool sum =
            body.op == task::Op::Add || body.op == task::Op::Sub || body.op == task::Op::Mul;
        if (bit < 31 && sum && load(body.kid[0]) && load(body.kid[1])) chosen |= 1U << bit;
        ++bit;
    }
    return chosen;
}

unsigned rows(const Task& task, const Plan& plan) {
    unsigned count = 0;
    for (const task::Stage& stage : task.stages)
        count += can_inline(task, plan, stage.out) ? 1U : 0U;
    return count;
}

bool takes_our_names(const task::Size& size) {
    return size.name == "W" || std::islower(static_cast<unsigned char>(size.name.front())) != 0;
}

}  // namespace

bool applies(const Task& task) {
    const Plan plan = plan_of(task, Width{});
    return std::ranges::all_of(plan.stages,
                               [&](const StagePlan& stage) {
                                   const auto s =
                                       static_cast<std::size_t>(&stage - plan.stages.data());
                                   const task::Stage& of = task.stages[s];
                                   return stage.shape != Shape::Plain || of.reduce.empty();
                               }) &&
           std::ranges::any_of(plan.stages,
                               [](const StagePlan& stage) { return stage.shape != Shape::Plain; });
}

Trace default_trace(const Task& task, const Width& width) {
    const Plan plan = plan_of(task, width);
    return trace_of(task, plan, {4, large(task, width), true}, cheap_rows(task, plan));
}

// A search that has time for a few measurements only makes the first ones, so what won most often
// stands first: how far to unroll, then whether to fetch ahead and to stream, and other choices of
// rows to inline last.
std::vector<Trace> candidates(const Task& task, const Width& width) {
    const bool advised = large(task, width);  // to stream, as the outputs' size says
    const std::array order = {
        Choice{4, advised, true},  Choice{8, advised, true},  Choice{2, advised, true},
        Choice{4, advised, false}, Choice{4, !advised, true}, Choice{1, advised, true},
        Choice{8, advised, false}, Choice{2, advised, false}, Choice{8, !advised, true},
        Choice{1, advised, false}, Choice{2, !advised, true}, Choice{1, !advised, true}};
    const Plan plan = plan_of(task, width);
    const unsigned cheap = cheap_rows(task, plan);
    const unsigned choices = 1U << std::min(rows(task, plan), 3U);
    std::vector<unsigned> inlinings = {cheap};
    for (unsigned inlined = 0; inlined < choices; ++inlined) {
        if (inlined != cheap) inlinings.push_back(inlined);
    }
    std::vector<Trace> found = {sweep::default_trace(task, width)};
    for (const unsigned inlined : inlinings) {
        for (Choice choice : order) {
            for (const bool rows : {true, false}) {
                choice.rows = rows;
                Trace trace = trace_of(task, plan, choice, inlined);
                if (found.size() < kMost && std::ranges::find(found, trace) == found.end())
                    found.push_back(std::move(trace));
            }
        }
    }
    return found;
}

Result<std::string> print(const Task& task, const Width& width, const Trace& trace) {
    CUPEL_TRY(Plan plan, plan_of(task, width, trace));
    const bool wrapped = std::ranges::any_of(task.sizes, takes_our_names);
    Task named = task;
    std::erase_if(named.sizes, takes_our_names);
    std::string title =
        fmt::format("// {}, swept in vectors of {} lanes.\n", task.name, plan.lanes);
    for (const Action& action : trace)
        title += "//   " + print_trace({action});
    SweepPrinter printer(named, std::move(plan), width.vector_bytes, wrapped);
    CUPEL_TRY(const std::string text, printer.print(title));
    return wrapped ? text + "}  // namespace sweep\n" : text;
}

Result<std::string> print_part(const Task& task, const Width& width, const Trace& trace,
                               VectorMaths& maths) {
    CUPEL_TRY(Plan plan, plan_of(task, width, trace));
    SweepPrinter printer(task, std::move(plan), width.vector_bytes, false);
    CUPEL_TRY(std::string text, printer.print_part(width.nested));
    maths.use_all(printer.maths());
    return text;
}

}  // namespace cupel::schedule::sweep

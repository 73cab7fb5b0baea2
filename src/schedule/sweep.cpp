// SPDX-License-Identifier: Apache-2.0
#include "schedule/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "schedule/rewrite.hpp"
#include "schedule/sweep_heads.hpp"
#include "schedule/sweep_passes.hpp"
#include "schedule/sweep_plan.hpp"
#include "schedule/sweep_print.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule::sweep {

using task::Task;
using task::TensorId;

namespace {

constexpr std::size_t kMost = 64;

// Where the next rows are fetched: beside the arithmetic, which hides it, or where rows are
// written.
enum class Fetch { Never, Computing, Writing };

// Several rows under way at once: side by side, or with their passes skewed.
enum class Several { No, Rows, Skewed };

struct Choice {
    std::int64_t unroll = 4;  // vectors at a time, in all stages
    bool stream = false;      // outputs go past the caches
    Fetch fetch = Fetch::Never;
    Several several = Several::No;
};

bool writes(const Task& task, std::size_t stage) {
    return task.tensor(task.stages[stage].out).role == task::Role::Output;
}

bool folds_rows(const Plan& plan, const Group& group) {
    return std::ranges::any_of(group.stages,
                               [&](std::size_t s) { return plan.stages[s].shape == Shape::Fold; });
}

bool maps_rows(const Task& task, const Plan& plan, const Group& group) {
    return std::ranges::any_of(group.stages, [&](std::size_t s) {
        return plan.stages[s].shape == Shape::Map && writes(task, s);
    });
}

// The inputs that a group reads a row of at each step of its shared loops, and those of which it
// reads the same row at all of them.
struct Streams {
    std::set<TensorId> own;
    std::set<TensorId> shared;
};
Streams streams_of(const Task& task, const Group& group) {
    Streams streams;
    for (const std::size_t s : group.stages) {
        const std::vector<task::AxisId> outer = outer_axes(task, group, s);
        for (const int load : loads(task, task.stages[s].body)) {
            const task::Access& access = task.access(load);
            if (task.tensor(access.tensor).role != task::Role::Input) continue;
            const std::vector<task::AxisId> used = axes_of_access(task, access);
            const auto is_outer = [&](task::AxisId axis) {
                return std::ranges::find(outer, axis) != outer.end();
            };
            if (std::ranges::all_of(used, is_outer)) continue;  // one element
            (std::ranges::any_of(used, is_outer) ? streams.own : streams.shared)
                .insert(access.tensor);
        }
    }
    return streams;
}

// Rows side by side where they are written, too: as many as have room in one set of the first
// cache, at the same place in their pages, beside what all rows share. At least 2. Such caches find
// their lines by places in a page, so that each of their ways is one.
std::int64_t rows_with_room(const Task& task, const Plan& plan, const Width& width,
                            const Group& group) {
    constexpr std::int64_t kPage = 4096;
    const auto ways = static_cast<std::size_t>(std::max<std::int64_t>(1, width.l1_bytes / kPage));
    if (!folds_rows(plan, group) || !maps_rows(task, plan, group)) return 8;
    const Streams streams = streams_of(task, group);
    for (const std::size_t rows : {8U, 4U}) {
        if (rows * streams.own.size() + streams.shared.size() <= ways)
            return static_cast<std::int64_t>(rows);
    }
    return 2;
}

// Rows at a time, and vectors of each, so that the sums of a pass stay in registers; {1, 0} where
// the group cannot.
struct Tall {
    std::int64_t rows = 1;
    std::int64_t unroll = 0;
};
Tall tall(const Task& task, const Plan& plan, const Width& width, const Group& group) {
    constexpr std::int64_t kSums = 12;
    std::int64_t folds = 0;
    std::int64_t vectors = 2;
    for (const Leg& leg : legs_of(task, plan, group)) {
        folds = std::max(folds, std::ranges::count_if(leg.pass, [&](std::size_t s) {
                             return plan.stages[s].shape == Shape::Fold;
                         }));
        const task::AxisId lane = plan.stages[leg.pass.front()].lane;
        if (lane != task::kNone) vectors = std::min(vectors, task.axis(lane).extent / plan.lanes);
    }
    for (const std::int64_t rows : {8, 4, 2}) {
        if ((folds > 0 && rows == 8) || rows > rows_with_room(task, plan, width, group)) continue;
        if (!can_group_rows(task, plan, group.stages.front(), rows)) continue;
        return {.rows = rows, .unroll = folds > 0 && 2 * rows * folds <= kSums ? vectors : 1};
    }
    return {};
}

// Of the group's passes, over how many rows they are skewed: each such block has steps in which not
// all passes have a row, and threads share blocks. 0: they cannot be.
std::int64_t skewed_rows(const Task& task, const Plan& plan, const Group& group, int threads) {
    std::int64_t all = 1;
    for (const task::AxisId axis : outer_axes(task, group, group.stages.front()))
        all *= task.axis(axis).extent;
    for (const std::int64_t rows : {256, 128, 64, 32, 16, 8}) {
        if (all >= 4 * rows * threads && can_skew(task, plan, group.stages.front(), rows))
            return rows;
    }
    return 0;
}

constexpr std::int64_t kFunction = 16;  // an exp or its like, in operations

// Roughly what an element costs, in operations.
std::int64_t work(const Task& task, const Plan& plan, task::ExprId id) {
    if (id == task::kNone) return 0;
    const task::Expr& expr = task.expr(id);
    if (expr.op == task::Op::Load) {
        const TensorId read = task.access(expr.reference).tensor;
        const auto fills = [&](const task::Stage& stage) { return stage.out == read; };
        const auto inlined = std::ranges::find_if(task.stages, fills);
        return plan.inlined.contains(read) ? work(task, plan, inlined->body) : 1;
    }
    std::int64_t sum = is_function(expr.op) ? kFunction : 1;
    for (const task::ExprId kid : expr.kid)
        sum += work(task, plan, kid);
    return sum;
}

// The dearest of the stages in whose passes the next rows can be fetched, written ones or others.
std::optional<std::size_t> dearest(const Task& task, const Plan& plan, bool written) {
    std::optional<std::size_t> found;
    std::int64_t most = 0;
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        if (writes(task, s) != written || !can_fetch(task, plan, s)) continue;
        const std::int64_t here = work(task, plan, task.stages[s].body);
        if (here >= most) found = s;
        most = std::max(most, here);
    }
    return found;
}

std::optional<std::size_t> fetching_stage(const Task& task, const Plan& plan, Fetch fetch) {
    if (fetch == Fetch::Never) return std::nullopt;
    const std::optional<std::size_t> first = dearest(task, plan, fetch == Fetch::Writing);
    return first ? first : dearest(task, plan, fetch != Fetch::Writing);
}

// Beside functions if there are any: they leave the memory idle.
Fetch advised_fetch(const Task& task, const Plan& plan) {
    const auto stage = fetching_stage(task, plan, Fetch::Computing);
    return stage && work(task, plan, task.stages[*stage].body) > kFunction ? Fetch::Computing
                                                                           : Fetch::Writing;
}

// What a choice says of one group.
struct Together {
    std::optional<std::size_t> head;  // its first sweep
    Tall tall;
    std::int64_t skewed = 0;  // over so many rows
};
Together together_of(const Task& task, const Plan& plan, const Width& width, const Group& group,
                     const Choice& choice) {
    Together together;
    for (const std::size_t s : group.stages) {
        const bool swept = plan.stages[s].shape != Shape::Plain;
        if (swept && !plan.inlined.contains(task.stages[s].out) && !together.head)
            together.head = s;
    }
    const bool one = legs_of(task, plan, group).size() == 1;
    if (choice.several == Several::Skewed && !one)
        together.skewed = skewed_rows(task, plan, group, width.threads);
    if (choice.several == Several::Rows || (choice.several == Several::Skewed && one))
        together.tall = tall(task, plan, width, group);
    return together;
}

// One verb list for one choice and the rows that are inlined.
Trace trace_of(const Task& task, Plan plan, const Width& width, const Choice& choice,
               unsigned inlined) {
    unsigned bit = 0;
    for (const task::Stage& stage : task.stages) {
        if (can_inline(task, plan, stage.out) && ((inlined >> bit++) & 1U) != 0)
            make_inline(task, plan, stage.out);
    }
    const auto at_most = [&](std::size_t s, std::int64_t wanted) {
        return std::min(wanted, task.axis(plan.stages[s].lane).extent / plan.lanes);
    };
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        if (plan.stages[s].shape != Shape::Plain) plan.unroll[s] = at_most(s, choice.unroll);
    }
    const std::optional<std::size_t> fetching = fetching_stage(task, plan, choice.fetch);
    Trace trace;
    Trace skews;
    for (const Group& group : plan.nest.groups) {
        const Together together = together_of(task, plan, width, group, choice);
        for (const std::size_t s : group.stages) {
            const task::Tensor& out = task.tensor(task.stages[s].out);
            const auto say = [&](const char* verb, const std::string& what) {
                trace.push_back({verb, out.name, {what}});
            };
            if (plan.inlined.contains(task.stages[s].out)) {
                trace.push_back({"inline", out.name, {}});
                continue;
            }
            if (plan.stages[s].shape == Shape::Plain) continue;
            const bool head = s == together.head;
            const bool tall = together.tall.rows > 1;
            say("sweep",
                fmt::format("{}", at_most(s, tall ? together.tall.unroll : choice.unroll)));
            if (tall && head) say("rows", fmt::format("{}", together.tall.rows));
            if (together.skewed > 0 && head)
                skews.push_back({"skew", out.name, {fmt::format("{}", together.skewed)}});
            if (choice.stream && can_stream(task, plan, task.stages[s].out)) say("hint", "stream");
            // Skewed passes all run beside the first one, which needs the rows that are fetched.
            const bool fetches =
                together.skewed > 0 ? head && choice.fetch != Fetch::Never : fetching == s;
            if (fetches && can_fetch(task, plan, s)) say("hint", "prefetch");
        }
    }
    std::ranges::move(skews, std::back_inserter(trace));
    return trace;
}

// Past the caches if the outputs would not stay in them. Of a third cache that many cores share,
// rows that are read twice, or only moved, have no more to hope for than is near one core. What
// takes longer to compute than to move is better left to all of it: stores that bypass it would be
// waited for (16 x 64 x 112 x 112 by windows 0.86x, bias_gelu 0.75x to 0.91x, but a relu of 64 MiB
// 1.25x).
bool large(const Task& task, const Plan& plan, const Width& width) {
    constexpr std::int64_t kNear = std::int64_t{32} << 20;
    std::int64_t bytes = 0;
    for (const TensorId id : task.outputs)
        bytes += task.tensor(id).bytes();
    const bool twice = std::ranges::any_of(plan.nest.groups, [&](const Group& group) {
        return folds_rows(plan, group) && maps_rows(task, plan, group);
    });
    bool moves = true;
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        moves = moves && plan.stages[s].shape == Shape::Map &&
                work(task, plan, task.stages[s].body) < kFunction;
    }
    const std::int64_t cache = twice || moves ? std::min(width.l3_bytes, kNear) : width.l3_bytes;
    return bytes / std::max(width.threads, 1) >= cache / 2;
}

// Sums that one map reads need not be kept, and an intermediate without functions costs less to
// compute again.
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
        const bool cheap = !stage.reduce.empty() || (sum && load(body.kid[0]) && load(body.kid[1]));
        if (bit < 31 && cheap) chosen |= 1U << bit;
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

// In which order rows are taken together. Passes that compute functions leave the memory idle while
// they do, unless they are skewed; not where another part has just handed the rows on. Reductions
// read several streams faster than one; where rows are written, too, several side by side are worth
// it if they read what all rows share once, and four of them have room.
std::vector<Several> advised_several(const Task& task, const Plan& plan, const Width& width) {
    bool folds = false;
    bool rewrites = false;
    bool computes = false;
    bool fits = true;
    for (const Group& group : plan.nest.groups) {
        if (!folds_rows(plan, group)) continue;
        folds = true;
        computes = computes || std::ranges::any_of(group.stages, [&](std::size_t s) {
                       return work(task, plan, task.stages[s].body) > kFunction;
                   });
        if (!maps_rows(task, plan, group)) continue;
        rewrites = true;
        fits = fits && !streams_of(task, group).shared.empty() &&
               rows_with_room(task, plan, width, group) >= 4;
    }
    if (!folds || (width.nested && (computes || rewrites))) return {Several::No, Several::Rows};
    if (computes && rewrites) return {Several::Skewed, Several::No, Several::Rows};
    if (computes || !fits) return {Several::No, Several::Rows, Several::Skewed};
    return {Several::Rows, Several::No, Several::Skewed};
}

// A search that has time for a few measurements only makes the first ones, so what won most often
// stands first: how far to unroll, then where to fetch ahead and whether to stream, and other
// choices of rows to inline last.
std::vector<Trace> ways(const Task& task, const Width& width, const Trace& joins) {
    const Plan plan = *plan_of(task, width, joins);
    // Past the caches, as the outputs' size says, or where a shared loop has its inputs in them.
    const bool past = large(task, plan, width) || !joins.empty();
    const Fetch here = advised_fetch(task, plan);
    const Fetch there = here == Fetch::Writing ? Fetch::Computing : Fetch::Writing;
    constexpr Fetch kNever = Fetch::Never;
    std::array order = {Choice{4, past, here},   Choice{4, past, there},  Choice{8, past, here},
                        Choice{2, past, here},   Choice{1, past, here},   Choice{4, !past, here},
                        Choice{4, past, kNever}, Choice{8, past, there},  Choice{2, past, there},
                        Choice{8, past, kNever}, Choice{2, past, kNever}, Choice{8, !past, here},
                        Choice{1, past, kNever}, Choice{2, !past, here},  Choice{1, !past, here}};
    // Beside positions a hint only takes time, and so do more lanes than one vector's.
    if (std::ranges::find(plan.stages, Shape::Find, &StagePlan::shape) != plan.stages.end()) {
        std::ranges::stable_sort(order, {}, [](const Choice& choice) {
            return std::pair(choice.fetch != Fetch::Never, choice.unroll);
        });
    }
    const std::vector<Several> several = advised_several(task, plan, width);
    const unsigned cheap = cheap_rows(task, plan);
    const unsigned choices = 1U << std::min(rows(task, plan), 3U);
    std::vector<unsigned> inlinings = {cheap};
    for (unsigned inlined = 0; inlined < choices; ++inlined) {
        if (inlined != cheap) inlinings.push_back(inlined);
    }
    std::vector<Trace> found;
    const auto add = [&](Choice choice, Several way, unsigned inlined) {
        choice.several = way;
        Trace trace = joins;
        std::ranges::copy(trace_of(task, plan, width, choice, inlined), std::back_inserter(trace));
        if (found.size() < kMost && std::ranges::find(found, trace) == found.end())
            found.push_back(std::move(trace));
    };
    for (const unsigned inlined : inlinings) {
        for (const Choice& choice : order) {
            add(choice, several[0], inlined);
            if (&choice == order.data()) add(choice, several[1], inlined);
        }
        for (const Choice& choice : order) {
            for (const Several way : several)
                add(choice, way, inlined);
        }
    }
    return found;
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
    return sweep::candidates(task, width).front();
}

std::vector<Trace> candidates(const Task& task, const Width& width) {
    std::vector<std::vector<Trace>> kinds;
    for (const Trace& head : heads(task, width)) {
        const auto other = rewritten(task, head);
        CUPEL_CHECK(other.has_value());
        std::vector<Trace>& kind = kinds.emplace_back();
        for (const Trace& way : ways(other->task, width, other->trace)) {
            Trace& trace = kind.emplace_back(head);
            trace.insert(trace.end(), way.begin() + std::ssize(other->trace), way.end());
        }
    }
    std::vector<Trace> found;
    for (std::size_t i = 0; found.size() < kMost; ++i) {
        const std::size_t before = found.size();
        for (const std::vector<Trace>& kind : kinds) {
            if (i < kind.size() && found.size() < kMost) found.push_back(kind[i]);
        }
        if (found.size() == before) break;
    }
    return found;
}

Result<std::string> print(const Task& task, const Width& width, const Trace& trace) {
    CUPEL_TRY(Rewritten left, rewritten(task, trace));
    CUPEL_TRY(Plan plan, plan_of(left.task, width, left.trace));
    const bool wrapped = std::ranges::any_of(task.sizes, takes_our_names);
    Task named = std::move(left.task);
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
                               const Limits& limits, VectorMaths& maths) {
    CUPEL_TRY(const Rewritten left, rewritten(task, trace));
    CUPEL_TRY(Plan plan, plan_of(left.task, width, left.trace));
    plan.limits = limits;
    CUPEL_DO(rows_end_together(left.task, plan));
    SweepPrinter printer(left.task, std::move(plan), width.vector_bytes, false);
    CUPEL_TRY(std::string text, printer.print_part(width.nested));
    maths.use_all(printer.maths());
    return text;
}

}  // namespace cupel::schedule::sweep

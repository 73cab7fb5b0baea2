// SPDX-License-Identifier: Apache-2.0
#include "schedule/cut_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>

#include "schedule/contraction.hpp"
#include "schedule/cut_reach.hpp"
#include "schedule/ids.hpp"
#include "schedule/nest.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule::cut {

using task::Access;
using task::AxisId;
using task::ExprId;
using task::kNone;
using task::Role;
using task::Stage;
using task::Task;
using task::TensorId;

namespace {

constexpr std::int64_t kSmallest = 4;        // of m, n and k: below, a register tile stays empty
constexpr std::int64_t kFewProducts = 1024;  // m * n * k

bool reads(const Task& task, const Stage& stage, TensorId tensor) {
    return std::ranges::any_of(loads(task, stage.body),
                               [&](int load) { return task.access(load).tensor == tensor; });
}

// The stages from `begin` to `end` as a task: what came before is input, what goes on is output.
Task part_of(const Task& task, std::size_t begin, std::size_t end) {
    Task part = task;
    const auto stage = [&](std::size_t s) { return task.stages.begin() + static_cast<long>(s); };
    part.stages.assign(stage(begin), stage(end));
    part.text.clear();  // declares dimensions that may be gone
    part.inputs.clear();
    part.outputs.clear();
    for (std::size_t t = 0; t < task.tensors.size(); ++t) {
        const auto id = static_cast<TensorId>(t);
        const auto fills = [&](const Stage& each) { return each.out == id; };
        const auto uses = [&](const Stage& each) { return reads(task, each, id); };
        if (std::ranges::any_of(part.stages, fills)) {
            const bool kept = task.tensor(id).role == Role::Output ||
                              std::any_of(stage(end), task.stages.end(), uses);
            part.tensors[t].role = kept ? Role::Output : Role::Intermediate;
            if (kept) part.outputs.push_back(id);
        } else {
            part.tensors[t].role = Role::Input;
            if (std::ranges::any_of(part.stages, uses)) part.inputs.push_back(id);
        }
    }
    return part;
}

// True if some sum reads the tensor beyond what it wants of it, since there are zeros.
bool counts_on_zeros(const Task& task, TensorId tensor) {
    return std::ranges::any_of(task.stages, [&](const Stage& stage) {
        return std::ranges::any_of(stage.where, &task::Bound::leaves_out_zeros) &&
               reads(task, stage, tensor);
    });
}

bool worth_tiling(const Task& part) {
    const auto found = find_contraction(part);
    return found && std::min({found->m_size, found->n_size, found->k_size}) >= kSmallest &&
           found->m_size * found->n_size * found->k_size >= kFewProducts;
}

// ---- Shared axes

// True if the expression uses one of the axes other than to say where a tensor is read.
bool counts_with(const Task& task, ExprId id, const std::set<AxisId>& axes) {
    if (id == kNone) return false;
    const task::Expr& expr = task.expr(id);
    if (expr.op == task::Op::Axis && axes.contains(expr.reference)) return true;
    if (expr.op == task::Op::Load) {
        const Access& access = task.access(expr.reference);
        if (counts_with(task, access.outside, axes)) return true;
        return std::ranges::any_of(access.at, [&](const task::Index& index) {
            return counts_with(task, index.gather, axes);
        });
    }
    return std::ranges::any_of(expr.kid, [&](ExprId kid) { return counts_with(task, kid, axes); });
}

bool has(const task::Index& index, const std::set<AxisId>& axes) {
    return std::ranges::any_of(
        index.terms, [&](const task::Index::Term& term) { return axes.contains(term.axis); });
}
bool has(const std::optional<task::Index>& index, const std::set<AxisId>& axes) {
    return index && has(*index, axes);
}

// True if a bound or the body uses one of the axes other than to say where a tensor is read.
bool computes_with(const Task& task, const Stage& stage, const std::set<AxisId>& axes) {
    return counts_with(task, stage.body, axes) ||
           std::ranges::any_of(stage.where, [&](const task::Bound& bound) {
               return has(bound.low, axes) || has(bound.high, axes);
           });
}

std::unexpected<Error> cannot_share(const Task& task, const Stage& stage, std::string_view why) {
    return fail(Errc::Invalid, fmt::format("stage {} {}", task.tensor(stage.out).name, why));
}

// How many leading dimensions of each tensor are shared axes; a tensor without any is read whole.
// Of the axes the first `whole` are taken step by step.
Result<std::vector<std::size_t>> leading(const Task& task, std::size_t axes, std::size_t whole) {
    std::vector<std::size_t> lead(task.tensors.size(), 0);
    std::vector<bool> seen(task.tensors.size(), false);
    for (const Stage& stage : task.stages) {
        if (stage.keep.size() < axes) return cannot_share(task, stage, "has not all shared axes");
        for (std::size_t d = 0; d < axes; ++d) {
            const AxisId first = task.stages.front().keep[d];
            if (task.axis(stage.keep[d]).extent != task.axis(first).extent)
                return cannot_share(task, stage, "has not all shared axes");
        }
        lead[at(stage.out)] = axes;
        seen[at(stage.out)] = true;
    }
    for (const Stage& stage : task.stages) {
        const std::set<AxisId> shared(stage.keep.begin(),
                                      stage.keep.begin() + static_cast<long>(axes));
        const std::set<AxisId> one_step(stage.keep.begin(),
                                        stage.keep.begin() + static_cast<long>(whole));
        if (computes_with(task, stage, one_step))
            return cannot_share(task, stage, "computes with a shared axis");
        for (const int load : loads(task, stage.body)) {
            const Access& access = task.access(load);
            std::size_t plain = 0;
            while (plain < std::min(axes, access.at.size()) && access.at[plain].gather == kNone &&
                   access.at[plain].plain_axis() == stage.keep[plain])
                ++plain;
            std::size_t& known = lead[at(access.tensor)];
            if (!seen[at(access.tensor)]) known = plain;
            seen[at(access.tensor)] = true;
            const bool elsewhere =
                std::any_of(access.at.begin() + static_cast<long>(plain), access.at.end(),
                            [&](const task::Index& index) { return has(index, shared); });
            if (plain != known || elsewhere)
                return cannot_share(task, stage, "reads other steps of a shared axis");
        }
    }
    return lead;
}

std::string block_name(const Task& task, AxisId axis) {
    std::string name = task.axis(axis).name;
    for (char& c : name)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return Names(task).fresh(name + "B");
}

// Where a part computes with the axis of a block, its first step is added: an axis that no loop
// runs over, whose name is a variable of all parts. Returns that name; empty where there is no
// need.
std::string add_first_step(const Task& task, std::size_t whole, Task& inner) {
    std::set<AxisId> blocked;
    bool needed = false;
    for (const Stage& stage : task.stages)
        blocked.insert(stage.keep[whole]);
    for (const Stage& stage : task.stages)
        needed = needed || computes_with(task, stage, blocked);
    if (!needed) return {};
    task::Axis axis = task.axis(task.stages.front().keep[whole]);
    axis.name = Names(task).fresh(axis.name + "_first");
    const auto first = static_cast<AxisId>(inner.axes.size());
    inner.axes.push_back(axis);
    const auto move = [&](std::optional<task::Index>& end) {
        if (!end) return;
        std::int64_t steps = 0;
        for (const task::Index::Term& term : end->terms)
            steps += blocked.contains(term.axis) ? term.coefficient : 0;
        if (steps != 0) end->terms.push_back({first, steps});
    };
    for (Stage& stage : inner.stages) {
        for (task::Bound& bound : stage.where) {
            move(bound.low);
            move(bound.high);
        }
    }
    for (std::size_t id = 0, before = inner.exprs.size(); id < before; ++id) {
        const task::Expr here = inner.exprs[id];
        if (here.op != task::Op::Axis || !blocked.contains(here.reference)) continue;
        const auto step = static_cast<ExprId>(inner.exprs.size());
        inner.exprs.push_back(here);
        inner.exprs.push_back({.op = task::Op::Axis, .reference = first});
        inner.exprs[id] = {.op = task::Op::Add, .kid = {step, step + 1, kNone}};
    }
    return axis.name;
}

// The task for one step of the shared axes: they are gone, or as short as a block.
Task inner_of(const Task& task, const Plan& plan) {
    Task inner = task;
    const std::size_t whole = plan.sharing.whole;
    const std::int64_t block = plan.sharing.block;
    inner.text.clear();
    for (std::size_t t = 0; t < task.tensors.size(); ++t) {
        std::vector<std::int64_t>& shape = inner.tensors[t].shape;
        shape.erase(shape.begin(),
                    shape.begin() + static_cast<long>(std::min(plan.lead[t], whole)));
        if (plan.lead[t] > whole) shape.front() = block;
    }
    std::set<int> done;
    for (Stage& stage : inner.stages) {
        for (const int load : loads(task, stage.body)) {
            Access& access = inner.accesses[at(load)];
            const std::size_t gone = std::min(plan.lead[at(access.tensor)], whole);
            if (!done.insert(load).second) continue;
            access.at.erase(access.at.begin(), access.at.begin() + static_cast<long>(gone));
        }
        stage.keep.erase(stage.keep.begin(), stage.keep.begin() + static_cast<long>(whole));
        if (block > 0) inner.axes[at(stage.keep.front())].extent = block;
    }
    if (block > 0) inner.sizes.push_back({plan.block_name, block, true});
    return inner;
}

}  // namespace

std::vector<std::size_t> cuts(const Task& task) {
    std::vector<std::size_t> begin;
    bool found = false;
    for (std::size_t s = 0; s < task.stages.size();) {
        std::size_t end = task.stages.size();
        while (end > s && !worth_tiling(part_of(task, s, end)))
            --end;
        if (end > s) {
            begin.push_back(s);
            found = true;
            s = end;
            if (s < task.stages.size()) begin.push_back(s);
        } else {
            if (s == 0) begin.push_back(0);
            ++s;
        }
    }
    begin.erase(std::unique(begin.begin(), begin.end()), begin.end());
    return found ? begin : std::vector<std::size_t>();
}

Result<Plan> plan_of(const Task& task, const Sharing& sharing,
                     const std::vector<std::size_t>& begin) {
    Plan plan{.sharing = sharing,
              .block_name = {},
              .first_name = {},
              .reach = {},
              .lead = {},
              .inner = {},
              .begin = begin,
              .parts = {}};
    CUPEL_TRY(plan.lead, leading(task, sharing.axes(), sharing.whole));
    if (sharing.block > 0) {
        const AxisId axis = task.stages.front().keep[sharing.whole];
        if (task.axis(axis).extent % sharing.block != 0) {
            return fail(Errc::Invalid,
                        fmt::format("{} does not divide the {} steps of axis {}", sharing.block,
                                    task.axis(axis).extent, task.axis(axis).name));
        }
        plan.block_name = block_name(task, axis);
    }
    plan.inner = inner_of(task, plan);
    if (sharing.block > 0) plan.first_name = add_first_step(task, sharing.whole, plan.inner);
    const Limits limits = shorten(plan);
    // Parts print a size called like one of their own names (W, and what is in lower case) as a
    // number.
    std::erase_if(plan.inner.sizes, [](const task::Size& size) {
        return size.name == "W" || std::islower(static_cast<unsigned char>(size.name.front())) != 0;
    });
    for (std::size_t p = 0; p < begin.size(); ++p) {
        const std::size_t end = p + 1 < begin.size() ? begin[p + 1] : task.stages.size();
        Part part{.task = part_of(plan.inner, begin[p], end),
                  .tiled = false,
                  .limits = limits,
                  .trace = {}};
        part.tiled = worth_tiling(part.task);
        if (part.tiled && part.task.outputs.size() == 1 &&
            !counts_on_zeros(plan.inner, part.task.outputs.front()))
            part.limits.demand = demand_of(plan.inner, part.task.outputs.front());
        plan.parts.push_back(std::move(part));
    }
    return plan;
}

// ---- Verbs

namespace {

Result<void> read_share(const Task& task, const Action& action, Sharing& sharing) {
    const Stage& last = task.stages.back();
    const std::size_t words = action.arguments.size();
    if (words < 1 || words > 2 || action.stage != task.tensor(last.out).name) {
        return fail(Errc::Invalid,
                    fmt::format("expected `share {} axis` or `share {} axis steps`",
                                task.tensor(last.out).name, task.tensor(last.out).name));
    }
    const std::size_t next = sharing.axes();
    if (sharing.block > 0 || next >= last.keep.size() ||
        task.axis(last.keep[next]).name != action.arguments[0]) {
        return fail(Errc::Invalid, fmt::format("{} is not the next leading axis of {}",
                                               action.arguments[0], action.stage));
    }
    if (words == 1) {
        ++sharing.whole;
        return {};
    }
    const std::string& word = action.arguments[1];
    const auto [end, error] =
        std::from_chars(word.data(), word.data() + word.size(), sharing.block);
    if (error != std::errc() || end != word.data() + word.size() || sharing.block < 1) {
        return fail(Errc::Invalid, fmt::format("{} is no number of steps", word));
    }
    return {};
}

std::optional<std::size_t> find_stage(const Task& task, const std::string& name) {
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        if (task.tensor(task.stages[s].out).name == name) return s;
    }
    return std::nullopt;
}

Result<void> read(const Task& task, const Action& action, Sharing& sharing,
                  std::set<std::size_t>& begin) {
    if (action.verb == "share") return read_share(task, action, sharing);
    const auto stage = find_stage(task, action.stage);
    if (!stage) return fail(Errc::Invalid, fmt::format("the task has no stage {}", action.stage));
    if (action.verb != "cut") return {};  // for the part
    if (!action.arguments.empty()) return fail(Errc::Invalid, "expected `cut stage`");
    begin.insert(*stage);
    return {};
}

}  // namespace

Result<Plan> plan_of(const Task& task, const Trace& trace) {
    Sharing sharing;
    std::set<std::size_t> begin = {0};
    for (const Action& action : trace) {
        if (auto done = read(task, action, sharing, begin); !done) {
            const std::string line = print_trace({action});
            return std::unexpected(std::move(done).error().in(line.substr(0, line.size() - 1)));
        }
    }
    CUPEL_TRY(Plan plan, plan_of(task, sharing, {begin.begin(), begin.end()}));
    for (const Action& action : trace) {
        if (action.verb == "share" || action.verb == "cut") continue;
        const auto stage = find_stage(task, action.stage);
        CUPEL_CHECK(stage.has_value());
        const auto after = std::upper_bound(plan.begin.begin(), plan.begin.end(), *stage);
        plan.parts[static_cast<std::size_t>(after - plan.begin.begin()) - 1].trace.push_back(
            action);
    }
    return plan;
}

Width inner_width(const Plan& plan, const Width& width) {
    Width inner = width;
    if (plan.sharing.any()) inner.threads = 1;
    inner.nested = plan.sharing.any();
    return inner;
}

std::vector<TensorId> handed_on(const Plan& plan) {
    std::vector<TensorId> found;
    for (const Part& part : plan.parts) {
        for (const TensorId id : part.task.outputs) {
            if (plan.inner.tensor(id).role == Role::Intermediate) found.push_back(id);
        }
    }
    return found;
}

}  // namespace cupel::schedule::cut

// SPDX-License-Identifier: Apache-2.0
#include "schedule/phase_plan.hpp"

#include <algorithm>
#include <set>

#include "schedule/contraction.hpp"
#include "task/rewrite.hpp"

namespace cupel::schedule::phase {
namespace {

using task::AxisId;
using task::ExprId;
using task::Index;
using task::kNone;
using task::Stage;

constexpr std::size_t kMostPhases = 16;

std::unexpected<Error> refuse(const char* why) {
    return fail(Errc::Invalid, why);
}

// The accesses of all stages.
std::set<int> accesses_of(const task::Task& task) {
    std::set<int> accesses;
    for (const Stage& stage : task.stages) {
        for (const ExprId id : task::below(task, stage.body)) {
            if (task.expr(id).op == task::Op::Load) accesses.insert(task.expr(id).reference);
        }
    }
    return accesses;
}

Result<Split> read_split(const task::Task& task, const Index& index) {
    const Stage& anchor = task.stages.front();
    Split split{.offset = index.offset, .divisor = index.divisor};
    for (const Index::Term& term : index.terms) {
        const auto at = std::ranges::find(anchor.keep, term.axis);
        const bool kept = at != anchor.keep.end();
        if (term.coefficient != 1 && term.coefficient != -1)
            return refuse("a divided position moves by more than one");
        if ((kept ? split.keep : split.reduce) != kNone)
            return refuse("a divided position is over more than two axes");
        (kept ? split.keep : split.reduce) = term.axis;
        (kept ? split.keep_step : split.reduce_step) = term.coefficient;
        if (kept) split.dimension = static_cast<std::size_t>(at - anchor.keep.begin());
    }
    if (split.keep == kNone || split.reduce == kNone)
        return refuse("a divided position is not over one axis of the output and one of the sum");
    // Fewer taps than phases would leave a phase without any.
    if (task.axis(split.reduce).extent < split.divisor ||
        task.axis(split.keep).extent < split.divisor)
        return refuse("a divided position has fewer steps than phases");
    return split;
}

Result<std::vector<Split>> find_splits(const task::Task& task) {
    std::vector<Split> splits;
    for (const int id : accesses_of(task)) {
        for (const Index& index : task.access(id).at) {
            if (index.divisor == 1) continue;
            CUPEL_TRY(const Split split, read_split(task, index));
            for (const Split& other : splits) {
                if (other.keep == split.keep || other.reduce == split.reduce)
                    return refuse("one axis is in two divided positions");
            }
            splits.push_back(split);
        }
    }
    if (splits.empty()) return refuse("no position is divided");
    std::ranges::sort(splits, {}, &Split::dimension);
    return splits;
}

// The axes stand nowhere but in positions.
Result<void> check_uses(const task::Task& task, const std::vector<Split>& splits) {
    for (const Stage& stage : task.stages) {
        if (!stage.where.empty()) return refuse("the sum has bounds");
        for (const ExprId id : task::below(task, stage.body)) {
            const task::Expr& expr = task.expr(id);
            if (expr.op == task::Op::Axis) return refuse("an axis is read as a value");
            if (expr.op != task::Op::Load) continue;
            for (const Index& index : task.access(expr.reference).at) {
                if (index.gather != kNone) return refuse("a position is gathered");
            }
        }
    }
    for (const Split& split : splits) {
        const auto& shape = task.tensor(task.outputs.front()).shape;
        if (shape.at(split.dimension) != task.axis(split.keep).extent)
            return refuse("the sum is not as large as the output");
    }
    return {};
}

std::int64_t modulo(std::int64_t value, std::int64_t divisor) {
    return (value % divisor + divisor) % divisor;
}

// Every `axis` of the task is `divisor` times what it was, plus `remainder`.
struct Change {
    AxisId axis = kNone;
    std::int64_t divisor = 1;
    std::int64_t remainder = 0;
};

std::int64_t steps_left(std::int64_t extent, const Change& change) {
    return (extent - change.remainder + change.divisor - 1) / change.divisor;
}

void change_index(Index& index, const std::vector<Change>& changes) {
    for (Index::Term& term : index.terms) {
        for (const Change& change : changes) {
            if (term.axis != change.axis) continue;
            index.offset += term.coefficient * change.remainder;
            term.coefficient *= change.divisor;
            break;
        }
    }
    for (Index::Term& term : index.terms)
        term.coefficient /= index.divisor;
    index.offset /= index.divisor;  // exact: the taps were chosen for that
    index.divisor = 1;
}

task::Task phase_of(const task::Task& task, const std::vector<Split>& splits,
                    const std::vector<std::int64_t>& remainders) {
    task::Task phase = task;
    phase.text.clear();  // it declares other sizes
    std::vector<Change> changes;
    const auto add = [&](const Change& change) {
        if (std::ranges::find(changes, change.axis, &Change::axis) == changes.end())
            changes.push_back(change);
    };
    for (std::size_t s = 0; s < splits.size(); ++s) {
        const Split& split = splits[s];
        const std::int64_t taken = split.keep_step * remainders[s] + split.offset;
        add({split.reduce, split.divisor, modulo(-taken * split.reduce_step, split.divisor)});
        const Change kept{split.keep, split.divisor, remainders[s]};
        for (const Stage& stage : task.stages) {
            add({stage.keep[split.dimension], split.divisor, remainders[s]});
            phase.tensors[static_cast<std::size_t>(stage.out)].shape[split.dimension] =
                steps_left(task.axis(split.keep).extent, kept);
        }
    }
    for (const Change& change : changes) {
        task::Axis& axis = phase.axes[static_cast<std::size_t>(change.axis)];
        axis.extent = steps_left(task.axis(change.axis).extent, change);
    }
    for (const int id : accesses_of(task)) {
        task::Access& access = phase.accesses[static_cast<std::size_t>(id)];
        if (task.tensor(access.tensor).role != task::Role::Input) continue;  // a phase's own
        for (Index& index : access.at)
            change_index(index, changes);
    }
    return phase;
}

}  // namespace

Result<Phases> find_phases(const task::Task& task) {
    const auto whole = find_contraction(task);
    if (!whole) return std::unexpected(whole.error());
    Phases phases;
    CUPEL_TRY(phases.splits, find_splits(task));
    CUPEL_DO(check_uses(task, phases.splits));
    std::size_t count = 1;
    for (const Split& split : phases.splits)
        count *= static_cast<std::size_t>(std::min<std::int64_t>(split.divisor, kMostPhases + 1));
    if (count > kMostPhases) return refuse("there are more than 16 phases");
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<std::int64_t> remainders(phases.splits.size());
        auto rest = static_cast<std::int64_t>(i);
        for (std::size_t s = phases.splits.size(); s-- > 0;) {
            remainders[s] = rest % phases.splits[s].divisor;
            rest /= phases.splits[s].divisor;
        }
        task::Task part = phase_of(task, phases.splits, remainders);
        phases.all.push_back({std::move(remainders), std::move(part)});
    }
    return phases;
}

}  // namespace cupel::schedule::phase

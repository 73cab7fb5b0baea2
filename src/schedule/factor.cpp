// SPDX-License-Identifier: Apache-2.0
#include "schedule/factor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "schedule/nest.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule {

using task::Access;
using task::AxisId;
using task::ExprId;
using task::Index;
using task::kNone;
using task::Reducer;
using task::Stage;
using task::Task;
using task::TensorId;

namespace {

bool is_in(const std::vector<AxisId>& axes, AxisId axis) {
    return std::ranges::find(axes, axis) != axes.end();
}

// What changes nothing where it is outside, so that it may be outside of either stage.
bool is_neutral(const Task& task, ExprId outside, Reducer how) {
    if (outside == kNone) return true;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const double neutral = how == Reducer::Sum ? 0 : how == Reducer::Max ? -kInfinity : kInfinity;
    const task::Expr& value = task.expr(outside);
    return value.op == task::Op::Const && value.number == neutral;
}

// The access of a window's reduction, or why the stage is none.
Result<int> window_of(const Task& task, const Stage& stage) {
    const auto refuse = [&](std::string_view why) {
        return fail(Errc::Invalid, fmt::format("{} {}", task.tensor(stage.out).name, why));
    };
    const bool folds =
        stage.how == Reducer::Sum || stage.how == Reducer::Max || stage.how == Reducer::Min;
    if (!folds || stage.reduce.size() < 2 || stage.keep.empty() || !stage.where.empty())
        return refuse("is no sum, largest or smallest over two axes without bounds");
    if (task.expr(stage.body).op != task::Op::Load)
        return refuse("reduces more than the elements of one tensor");
    const int load = task.expr(stage.body).reference;
    const Access& access = task.access(load);
    if (!task::is_float(task.tensor(access.tensor).type) ||
        !task::is_float(task.tensor(stage.out).type))
        return refuse("is of whole numbers");
    if (!is_neutral(task, access.outside, stage.how))
        return refuse("gives what is outside a value that counts");
    const Index& last = access.at.back();
    const AxisId q = stage.keep.back();
    const auto reduced = std::ranges::count_if(
        last.terms, [&](const Index::Term& term) { return is_in(stage.reduce, term.axis); });
    if (reduced != 1 || last.terms.size() != 2 || !mentions(last, q) || last.divisor != 1)
        return refuse("does not walk along the rows of what it reads");
    for (std::size_t d = 0; d < access.at.size(); ++d) {
        const Index& index = access.at[d];
        const bool shares = std::ranges::any_of(
            last.terms, [&](const Index::Term& term) { return mentions(index, term.axis); });
        if (index.gather != kNone || (d + 1 < access.at.size() && shares))
            return refuse("has columns that depend on where the row is");
    }
    return load;
}

std::string fresh_name(const Task& task, std::string name) {
    const auto taken = [&] {
        return std::ranges::any_of(task.tensors,
                                   [&](const task::Tensor& tensor) { return tensor.name == name; });
    };
    while (taken())
        name += '_';
    return name;
}

// Axes of one stage for another: no two stages share any.
AxisId copied(Task& task, AxisId axis) {
    task.axes.push_back(task.axis(axis));
    return static_cast<AxisId>(task.axes.size()) - 1;
}

ExprId load_of(Task& task, Access access) {
    task.accesses.push_back(std::move(access));
    task.exprs.push_back(
        {.op = task::Op::Load, .reference = static_cast<int>(task.accesses.size()) - 1});
    return static_cast<ExprId>(task.exprs.size()) - 1;
}

Index plain(AxisId axis) {
    return {.terms = {{.axis = axis, .coefficient = 1}}};
}

// out[keep but the last.., w] = how[reduce but s](x[.., w]).
Stage columns_of(Task& task, const Stage& stage, const Access& access, AxisId along) {
    std::map<AxisId, AxisId> renamed;
    Stage columns{.out = static_cast<TensorId>(task.tensors.size()),
                  .keep = {},
                  .reduce = {},
                  .how = stage.how,
                  .where = {},
                  .line = stage.line};
    std::vector<std::int64_t> shape;
    for (std::size_t d = 0; d + 1 < stage.keep.size(); ++d) {
        columns.keep.push_back(renamed[stage.keep[d]] = copied(task, stage.keep[d]));
        shape.push_back(task.axis(stage.keep[d]).extent);
    }
    const std::int64_t length = task.tensor(access.tensor).shape.back();
    task.axes.push_back({.name = task.axis(stage.keep.back()).name, .extent = length});
    columns.keep.push_back(static_cast<AxisId>(task.axes.size()) - 1);
    shape.push_back(length);
    for (const AxisId axis : stage.reduce) {
        if (axis != along) columns.reduce.push_back(renamed[axis] = copied(task, axis));
    }
    Access reads = access;
    for (Index& index : reads.at) {
        for (Index::Term& term : index.terms) {
            if (renamed.contains(term.axis)) term.axis = renamed.at(term.axis);
        }
        std::ranges::sort(index.terms, {}, &Index::Term::axis);
    }
    reads.at.back() = plain(columns.keep.back());
    columns.body = load_of(task, std::move(reads));
    task.tensors.push_back({.name = fresh_name(task, task.tensor(stage.out).name + "_columns"),
                            .type = real_type(task),
                            .shape = std::move(shape),
                            .role = task::Role::Intermediate});
    return columns;
}

}  // namespace

Result<Task> factored(const Task& task, const std::string& tensor) {
    const auto stage = std::ranges::find_if(
        task.stages, [&](const Stage& each) { return task.tensor(each.out).name == tensor; });
    if (stage == task.stages.end())
        return fail(Errc::Invalid, fmt::format("the task has no stage {}", tensor));
    CUPEL_TRY(const int load, window_of(task, *stage));
    const Access& access = task.access(load);
    const auto s = static_cast<std::size_t>(stage - task.stages.begin());

    Task two = task;
    const auto along = std::ranges::find_if(access.at.back().terms, [&](const Index::Term& term) {
                           return is_in(stage->reduce, term.axis);
                       })->axis;
    const Stage columns = columns_of(two, *stage, access, along);
    Access reads{.tensor = columns.out, .at = {}, .outside = access.outside};
    for (std::size_t d = 0; d + 1 < stage->keep.size(); ++d)
        reads.at.push_back(plain(stage->keep[d]));
    reads.at.push_back(access.at.back());
    two.stages[s].reduce = {along};
    two.stages[s].body = load_of(two, std::move(reads));
    two.stages.insert(two.stages.begin() + static_cast<std::ptrdiff_t>(s), columns);
    return two;
}

}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
#include "schedule/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <vector>

#include "schedule/ids.hpp"
#include "schedule/nest.hpp"
#include "task/cpp_words.hpp"

namespace cupel::schedule {

using task::Access;
using task::AxisId;
using task::Index;
using task::kNone;
using task::Stage;
using task::Task;
using task::TensorId;

namespace {

bool has(const std::vector<AxisId>& axes, AxisId axis) {
    return std::ranges::find(axes, axis) != axes.end();
}

// Where `outer` stands right before `inner`; none: nowhere.
std::optional<std::size_t> place_of(const std::vector<AxisId>& axes, AxisId outer, AxisId inner) {
    const auto found = std::ranges::find(axes, outer);
    if (found == axes.end() || found + 1 == axes.end() || *(found + 1) != inner)
        return std::nullopt;
    return at(static_cast<int>(found - axes.begin()));
}

// All that must be merged once one pair of axes is: the dimensions that they walk along, whatever
// else walks along these, and so on.
class Merging {
public:
    explicit Merging(const Task& task) : task_(task) {}

    Result<void> add(const Stage& stage, AxisId outer, AxisId inner) {
        const bool seen = outers_.contains(inner) && outers_.at(inner) == outer;
        if (seen) return {};
        const auto used = [&](const auto& pair) {
            return pair.first == inner || pair.first == outer || pair.second == inner ||
                   pair.second == outer;
        };
        if (std::ranges::any_of(outers_, used)) return refuse(stage, "walk along others, too");
        outers_[inner] = outer;
        if (counts(stage, outer) || counts(stage, inner))
            return refuse(stage, "are numbers or bounds there");
        if (const auto kept = place_of(stage.keep, outer, inner)) {
            CUPEL_DO(add(stage.out, *kept));
        } else if (!place_of(stage.reduce, outer, inner)) {
            return refuse(stage, "do not follow on each other");
        }
        for (const int load : loads(task_, stage.body)) {
            const Access& access = task_.access(load);
            const std::vector<AxisId> mentioned = axes_of_access(task_, access);
            if (!has(mentioned, outer) && !has(mentioned, inner)) continue;
            const auto dimension = dimension_of(access, outer, inner);
            if (!dimension) {
                return refuse(stage, fmt::format("do not walk along whole dimensions of {}",
                                                 task_.tensor(access.tensor).name));
            }
            CUPEL_DO(add(access.tensor, *dimension));
        }
        return {};
    }

    [[nodiscard]] Task take() const {
        Task task = task_;
        for (const auto& [tensor, d] : dimensions_) {
            std::vector<std::int64_t>& shape = task.tensors[at(tensor)].shape;
            shape[d + 1] *= shape[d];
            shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(d));
            for (Access& access : task.accesses) {
                if (access.tensor == tensor)
                    access.at.erase(access.at.begin() + static_cast<std::ptrdiff_t>(d));
            }
        }
        for (const auto& [inner, outer] : outers_) {
            task::Axis& axis = task.axes[at(inner)];
            axis.extent *= task.axis(outer).extent;
            const std::string both = task.axis(outer).name + axis.name;
            if (task::meaning_in_cpp(both).empty() && !names_axis(both)) axis.name = both;
            for (Stage& stage : task.stages) {
                std::erase(stage.keep, outer);
                std::erase(stage.reduce, outer);
            }
        }
        return task;
    }

private:
    Result<void> add(TensorId tensor, std::size_t dimension) {
        const auto [known, fresh] = dimensions_.emplace(tensor, dimension);
        if (!fresh && known->second == dimension) return {};
        if (!fresh) {
            return fail(Errc::Invalid, fmt::format("three dimensions of {} would have to be one",
                                                   task_.tensor(tensor).name));
        }
        for (const Stage& stage : task_.stages) {
            if (stage.out == tensor)
                CUPEL_DO(add(stage, stage.keep[dimension], stage.keep[dimension + 1]));
            for (const int load : loads(task_, stage.body)) {
                const Access& access = task_.access(load);
                if (access.tensor != tensor) continue;
                const AxisId outer = access.at[dimension].plain_axis();
                const AxisId inner = access.at[dimension + 1].plain_axis();
                if (outer == kNone || inner == kNone ||
                    dimension_of(access, outer, inner) != dimension)
                    return refuse(stage, fmt::format("do not walk along whole dimensions of {}",
                                                     task_.tensor(tensor).name));
                CUPEL_DO(add(stage, outer, inner));
            }
        }
        return {};
    }

    [[nodiscard]] bool names_axis(const std::string& name) const {
        return std::ranges::find(task_.axes, name, &task::Axis::name) != task_.axes.end();
    }

    [[nodiscard]] std::unexpected<Error> refuse(const Stage& stage, std::string_view why) const {
        return fail(Errc::Invalid,
                    fmt::format("two axes of {} {}", task_.tensor(stage.out).name, why));
    }

    // True if the stage uses the axis for more than to walk along what it reads and writes.
    [[nodiscard]] bool counts(const Stage& stage, AxisId axis) const {
        const auto in = [&](const std::optional<Index>& end) {
            return end && mentions(*end, axis);
        };
        return uses_value(task_, stage.body, axis) ||
               std::ranges::any_of(stage.where, [&](const task::Bound& bound) {
                   return bound.axis == axis || in(bound.low) || in(bound.high);
               });
    }

    static bool uses_value(const Task& task, task::ExprId id, AxisId axis) {
        if (id == kNone) return false;
        const task::Expr& expr = task.expr(id);
        if (expr.op == task::Op::Axis && expr.reference == axis) return true;
        if (expr.op == task::Op::Load) {
            const Access& access = task.access(expr.reference);
            return uses_value(task, access.outside, axis) ||
                   std::ranges::any_of(access.at, [&](const Index& index) {
                       return uses_value(task, index.gather, axis);
                   });
        }
        return std::ranges::any_of(expr.kid,
                                   [&](task::ExprId kid) { return uses_value(task, kid, axis); });
    }

    // The first of two dimensions that the access walks along whole, one after the other, and
    // nothing else of it with these axes.
    [[nodiscard]] std::optional<std::size_t> dimension_of(const Access& access, AxisId outer,
                                                          AxisId inner) const {
        if (access.outside != kNone) return std::nullopt;
        std::vector<AxisId> walked;
        for (const Index& index : access.at) {
            for (const Index::Term& term : index.terms)
                walked.push_back(term.axis);
            if (mentions(task_, index.gather, outer) || mentions(task_, index.gather, inner))
                return std::nullopt;
        }
        if (std::ranges::count(walked, outer) != 1 || std::ranges::count(walked, inner) != 1)
            return std::nullopt;
        const auto is = [](AxisId axis) {
            return [axis](const Index& index) { return index.plain_axis() == axis; };
        };
        const auto first = std::ranges::find_if(access.at, is(outer));
        const auto second = std::ranges::find_if(access.at, is(inner));
        if (first == access.at.end() || second != first + 1) return std::nullopt;
        const std::size_t d = at(static_cast<int>(first - access.at.begin()));
        const std::vector<std::int64_t>& shape = task_.tensor(access.tensor).shape;
        const bool whole =
            shape[d] == task_.axis(outer).extent && shape[d + 1] == task_.axis(inner).extent;
        return whole ? std::optional(d) : std::nullopt;
    }

    const Task& task_;
    std::map<TensorId, std::size_t> dimensions_;  // the first of the two
    std::map<AxisId, AxisId> outers_;             // by inner axis
};

}  // namespace

Result<Task> merged(const Task& task, const std::string& tensor) {
    const auto stage = std::ranges::find_if(
        task.stages, [&](const Stage& each) { return task.tensor(each.out).name == tensor; });
    if (stage == task.stages.end())
        return fail(Errc::Invalid, fmt::format("the task has no stage {}", tensor));
    const std::vector<AxisId>& axes = stage->reduce.empty() ? stage->keep : stage->reduce;
    if (axes.size() < 2) {
        return fail(Errc::Invalid, fmt::format("{} has no two innermost axes that are both {}",
                                               tensor, stage->reduce.empty() ? "kept" : "reduced"));
    }
    Merging merging(task);
    CUPEL_DO(merging.add(*stage, axes[axes.size() - 2], axes.back()));
    return merging.take();
}

}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
#include "device/walk.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "device/online.hpp"
#include "schedule/nest.hpp"

namespace cupel::device {

using task::AxisId;
using task::kNone;
using task::Stage;
using task::TensorId;

namespace {

bool moves_in_fours(task::Type type) {
    return type == task::Type::F32 || schedule::is_short(type);
}

}  // namespace

Walker::Walker(const Launch& launch, Scope& scope, FileText& file, schedule::Writer& out)
    : launch_(launch), scope_(scope), file_(file), out_(out), inlined_(inlined(launch)) {}

void Walker::bind(const Stage& stage) {
    const task::Task& task = scope_.task();
    for (const int load : schedule::loads(task, stage.body)) {
        const TensorId id = task.access(load).tensor;
        if (!inlined_.contains(id) || scope_.values.contains(id)) continue;
        const Stage& filler = *task.producer(id);
        for (std::size_t d = launch_.depth; d < filler.keep.size(); d++) {
            scope_.axes[filler.keep[d]] =
                scope_.axes.at(row_loops(launch_, stage)[d - launch_.depth]);
        }
        bind(filler);
        out_.line(fmt::format("const {} {} = {};", device_type(task.tensor(id).type),
                              scope_.names.tensor(id), scope_.value_of(filler)));
        scope_.values[id] = scope_.names.tensor(id);
        bound_.push_back(id);
    }
}

void Walker::forget() {
    for (const TensorId id : bound_)
        scope_.values.erase(id);
    bound_.clear();
}

bool Walker::side_by_side(int id, AxisId axis) const {
    const task::Task& task = scope_.task();
    const task::Access& access = task.access(id);
    const task::Tensor& tensor = task.tensor(access.tensor);
    const bool global =
        tensor.role != task::Role::Intermediate && !scope_.values.contains(access.tensor);
    if (!global || !moves_in_fours(tensor.type) || access.outside != kNone || access.at.empty())
        return false;
    const task::Index& last = access.at.back();
    if (last.gather != kNone || last.plain_axis() != axis ||
        tensor.shape.back() != task.axis(axis).extent)
        return false;
    task::Access rest = access;
    rest.at.pop_back();
    const std::vector<AxisId> others = schedule::axes_of_access(task, rest);
    return std::ranges::find(others, axis) == others.end();
}

bool Walker::fills_side_by_side(const Stage& stage, AxisId axis) const {
    const task::Tensor& tensor = scope_.task().tensor(stage.out);
    return tensor.role == task::Role::Output && moves_in_fours(tensor.type) &&
           !stage.keep.empty() && stage.keep.back() == axis;
}

std::vector<std::pair<int, AxisId>> Walker::accesses(const Stage& stage, AxisId axis) const {
    std::vector<std::pair<int, AxisId>> found;
    const task::Task& task = scope_.task();
    for (const int load : schedule::loads(task, stage.body)) {
        found.emplace_back(load, axis);
        const TensorId id = task.access(load).tensor;
        if (!inlined_.contains(id)) continue;
        const Stage& filler = *task.producer(id);
        for (const auto& inner : accesses(filler, filler.keep.back()))
            found.push_back(inner);
    }
    return found;
}

bool Walker::has_fours(const Stage& stage, AxisId axis) const {
    if (fills_side_by_side(stage, axis)) return true;
    return std::ranges::any_of(accesses(stage, axis), [&](const auto& one) {
        return side_by_side(one.first, one.second);
    });
}

std::vector<Four> Walker::take(const Stage& stage, AxisId axis, const std::string& at) {
    std::vector<Four> fours;
    std::map<std::string, std::string> fetched;  // pointers, by the array that they went to
    const std::string extent = scope_.extent(axis);
    for (const auto& [access, along] : accesses(stage, axis)) {
        if (!side_by_side(access, along)) continue;
        const auto before = scope_.axes;
        scope_.axes[along] = at;
        // The other axes of what is computed where it is read are those of its row.
        const std::string from = "&" + scope_.load(access);
        scope_.axes = before;
        std::string& array = fetched[from];
        if (array.empty()) {
            const TensorId id = scope_.task().access(access).tensor;
            std::string wish = scope_.names.tensor(id) + "4";
            for (const Four& other : fours)
                if (other.array == scope_.local(wish)) wish += "_";
            array = scope_.local(wish);
            out_.line(fmt::format("float {}[4];", array));
            out_.line(fmt::format(
                "{0}<{1} % 4 == 0>({2}, {3}, {1} - {4});",
                use_take4(scope_.task().tensor(scope_.task().access(access).tensor).type, file_),
                extent, array, from, at));
        }
        fours.push_back({.access = access, .array = array});
    }
    return fours;
}

void Walker::put(const Stage& stage, AxisId axis, const std::string& array, const std::string& at) {
    const auto before = scope_.axes;
    scope_.axes[axis] = at;
    const std::string extent = scope_.extent(axis);
    out_.line(fmt::format("{0}<{1} % 4 == 0>(&{2}, {3}, {1} - {4});",
                          use_put4(scope_.task().tensor(stage.out).type, file_), extent,
                          scope_.element_of(stage), array, at));
    scope_.axes = before;
}

}  // namespace cupel::device

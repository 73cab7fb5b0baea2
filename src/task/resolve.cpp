// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "task/analysis.hpp"

namespace cupel::task {
namespace {

class Resolver {
public:
    Resolver(const Surroundings& around, const Assignment& assignment)
        : around_(around), assignment_(assignment) {}

    Result<Analysis> run(TensorId out) {
        for (const Binder& axis : assignment_.axes)
            CUPEL_DO(bind_left(axis));
        out_.left = out_.variables.size();
        if (out != kNone) CUPEL_DO(take_shape(around_.task.tensor(out)));
        CUPEL_DO(visit(assignment_.value));
        return std::move(out_);
    }

private:
    [[nodiscard]] std::unexpected<Error> error(Place place, std::string_view message) const {
        return around_.source.error(place, message);
    }
    [[nodiscard]] Variable& variable(int id) {
        return out_.variables[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] int find(std::string_view name) const {
        for (const int id : scope_) {
            if (out_.variables[static_cast<std::size_t>(id)].name == name) return id;
        }
        return kNone;
    }

    Result<int> bind(const Binder& binder) {
        if (find(binder.name) != kNone) {
            return error(binder.place,
                         fmt::format("the axis '{}' is already bound here", binder.name));
        }
        if (around_.sizes.contains(binder.name)) {
            return error(binder.place,
                         fmt::format("'{}' is a size; expected a new axis name", binder.name));
        }
        const auto tensor = around_.tensors.find(binder.name);
        if (tensor != around_.tensors.end() && around_.task.tensor(tensor->second).shape.empty()) {
            return error(binder.place, fmt::format("'{}' is a scalar tensor; expected a new axis "
                                                   "name",
                                                   binder.name));
        }
        out_.variables.push_back(
            {.name = binder.name, .place = binder.place, .low = {}, .high = {}});
        scope_.push_back(static_cast<int>(out_.variables.size()) - 1);
        return scope_.back();
    }

    Result<void> bind_left(const Binder& axis) {
        CUPEL_TRY(const int id, bind(axis));
        if (axis.compare.empty()) return {};
        CUPEL_TRY(variable(id).extent, around_.integers().required(axis.bound, "an extent"));
        if (variable(id).extent < 1) return error(axis.place, "the extent is less than 1");
        return {};
    }

    Result<void> take_shape(const Tensor& tensor) {
        if (tensor.shape.size() != out_.left) {
            return error(assignment_.place,
                         fmt::format("'{}' has {} dimensions, found {} axes", tensor.name,
                                     tensor.shape.size(), out_.left));
        }
        for (std::size_t d = 0; d < out_.left; d++) {
            Variable& axis = out_.variables[d];
            if (axis.extent != 0 && axis.extent != tensor.shape[d]) {
                return error(axis.place, fmt::format("'{}' is declared with extent {} here",
                                                     tensor.name, tensor.shape[d]));
            }
            axis.extent = tensor.shape[d];
        }
        return {};
    }

    Result<void> visit(NodeId id) {
        if (id == kNone || !seen_.insert(id).second) return {};
        const Node& node = around_.file.node(id);
        switch (node.kind) {
            case NodeKind::Number:
            case NodeKind::Parameter:
                return {};
            case NodeKind::Name:
                return visit_name(id);
            case NodeKind::Apply:
                for (const NodeId kid : node.kids)
                    CUPEL_DO(visit(kid));
                return {};
            case NodeKind::Access:
                return visit_access(id);
            case NodeKind::Reduce:
                return visit_reduce(id);
        }
        return {};
    }

    Result<void> visit_name(NodeId id) {
        const Node& node = around_.file.node(id);
        if (const int axis = find(node.name); axis != kNone) {
            out_.axis_of.emplace(id, axis);
            return {};
        }
        if (around_.sizes.contains(node.name)) return {};
        CUPEL_TRY(const TensorId tensor, tensor_of(node));
        const auto& shape = around_.task.tensor(tensor).shape;
        if (!shape.empty()) {
            return error(node.place, fmt::format("'{}' has {} dimensions; expected indices: {}[..]",
                                                 node.name, shape.size(), node.name));
        }
        out_.uses.emplace(id, Use{id, tensor, {}});
        return {};
    }

    [[nodiscard]] Result<TensorId> tensor_of(const Node& node) const {
        const auto found = around_.tensors.find(node.name);
        if (found != around_.tensors.end()) return found->second;
        const auto later = [&](const auto& list) {
            return std::ranges::any_of(list, [&](const auto& x) { return x.name == node.name; });
        };
        if (later(around_.file.assignments) || later(around_.file.outputs)) {
            return error(node.place, fmt::format("'{}' is used before it is assigned", node.name));
        }
        std::vector<std::string> names;
        names.reserve(scope_.size() + around_.tensors.size() + around_.sizes.size());
        for (const int id : scope_) {
            names.push_back(out_.variables[static_cast<std::size_t>(id)].name);
        }
        for (const auto& [name, id] : around_.tensors)
            names.push_back(name);
        for (const auto& [name, size] : around_.sizes)
            names.push_back(name);
        // Any letter is near any other.
        const auto near = node.name.size() > 1 ? nearest_name(node.name, names) : std::nullopt;
        return error(node.place, fmt::format("unknown name '{}'{}", node.name,
                                             near ? fmt::format("; did you mean '{}'?", *near)
                                                  : "; expected an axis, a size or a tensor"));
    }

    Result<void> visit_access(NodeId id) {
        const Node& node = around_.file.node(id);
        CUPEL_TRY(const TensorId tensor, tensor_of(node));
        const std::size_t rank = around_.task.tensor(tensor).shape.size();
        if (rank != node.kids.size()) {
            return error(node.place, fmt::format("'{}' has {} dimensions, found {} indices",
                                                 node.name, rank, node.kids.size()));
        }
        Use use{.node = id, .tensor = tensor, .at = {}};
        for (const NodeId kid : node.kids) {
            CUPEL_DO(visit(kid));
            CUPEL_TRY(std::optional<Index> index, affine_of(kid));
            use.at.push_back(std::move(index));
        }
        CUPEL_DO(visit(node.outside));
        out_.uses.emplace(id, std::move(use));
        return {};
    }

    [[nodiscard]] Result<std::optional<Index>> affine_of(NodeId id) const {
        const FindVariable variable = [&](NodeId name) {
            const auto found = out_.axis_of.find(name);
            return found == out_.axis_of.end() ? kNone : found->second;
        };
        return affine(around_.integers(), variable, id);
    }

    // All axes of the list first: a restriction may name any of them. The same axis again adds a
    // restriction (`j <= i, j > i - 4`).
    Result<void> visit_reduce(NodeId id) {
        const Node& node = around_.file.node(id);
        const std::size_t outer = scope_.size();
        std::vector<int> bound;
        for (const Binder& binder : node.binders) {
            const int known = find(binder.name);
            if (known != kNone && !binder.compare.empty() &&
                std::ranges::find(bound, known) != bound.end()) {
                continue;
            }
            CUPEL_TRY(const int fresh, bind(binder));
            bound.push_back(fresh);
        }
        for (const Binder& binder : node.binders) {
            if (!binder.compare.empty()) CUPEL_DO(restrict_axis(binder));
        }
        CUPEL_DO(visit(node.kids[0]));
        out_.binds.emplace(id, std::move(bound));
        scope_.resize(outer);
        return {};
    }

    Result<void> restrict_axis(const Binder& binder) {
        CUPEL_DO(visit(binder.bound));
        const int id = find(binder.name);
        CUPEL_TRY(std::optional<Index> bound, affine_of(binder.bound));
        const bool own = bound && std::ranges::any_of(bound->terms, [&](const Index::Term& term) {
                             return term.axis == id;
                         });
        if (!bound || own || bound->divisor != 1) {
            return error(
                around_.file.node(binder.bound).place,
                fmt::format("expected a bound of '{}' that is affine in other axes", binder.name));
        }
        if (binder.compare == "<=" || binder.compare == ">") bound->offset++;
        const bool upper = binder.compare[0] == '<';
        Variable& axis = variable(id);
        if (upper && bound->terms.empty() && axis.extent == 0) {
            if (bound->offset < 1) return error(binder.place, "the axis has no values");
            axis.extent = bound->offset;
            return {};
        }
        std::optional<Index>& side = upper ? axis.high : axis.low;
        if (side || (upper && bound->terms.empty())) {
            return error(binder.place, fmt::format("'{}' has two {} bounds", binder.name,
                                                   upper ? "upper" : "lower"));
        }
        side = std::move(*bound);
        return {};
    }

    const Surroundings& around_;
    const Assignment& assignment_;
    Analysis out_;
    std::vector<int> scope_;
    std::set<NodeId> seen_;
};

}  // namespace

Result<Analysis> resolve(const Surroundings& around, const Assignment& assignment, TensorId out) {
    return Resolver(around, assignment).run(out);
}

Result<Analysis> analyse(const Surroundings& around, const Assignment& assignment, TensorId out) {
    CUPEL_TRY(Analysis analysis, resolve(around, assignment, out));
    CUPEL_DO(infer(around, analysis));
    return analysis;
}

}  // namespace cupel::task

// SPDX-License-Identifier: Apache-2.0
#include "task/emit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace cupel::task {
namespace {

Reducer reducer_of(std::string_view name) {
    if (name == "prod") return Reducer::Prod;
    if (name == "max") return Reducer::Max;
    if (name == "min") return Reducer::Min;
    if (name == "argmax") return Reducer::ArgMax;
    if (name == "argmin") return Reducer::ArgMin;
    return Reducer::Sum;  // of `mean`, too
}

bool is_arg(Reducer how) {
    return how == Reducer::ArgMax || how == Reducer::ArgMin;
}

// A stage in the making: the axes that stand for the assignment's variables.
struct Frame {
    std::map<int, AxisId> axes;
    std::map<NodeId, ExprId> done;
};

class Emitter {
public:
    Emitter(const Surroundings& around, const Assignment& assignment, const Analysis& analysis,
            Builder& builder)
        : around_(around),
          assignment_(assignment),
          analysis_(analysis),
          builder_(builder),
          task_(builder.task()) {}

    Result<void> run(TensorId out) {
        Stage stage{
            .out = out, .keep = {}, .reduce = {}, .where = {}, .line = assignment_.place.line};
        Frame frame;
        for (std::size_t i = 0; i < analysis_.left; i++) {
            stage.keep.push_back(add_axis(frame, static_cast<int>(i)));
        }
        const Node& root = around_.file.node(assignment_.value);
        const Type type = task_.tensor(out).type;
        const bool direct = root.kind == NodeKind::Reduce && root.name != "mean" &&
                            (!is_arg(reducer_of(root.name)) || !is_float(type));
        if (direct) {
            CUPEL_DO(fill_reduction(stage, frame, assignment_.value));
        } else {
            CUPEL_TRY(stage.body, lower(assignment_.value, frame));
        }
        if (!is_float(type) && !is_arg(stage.how) && !builder_.is_whole(stage.body)) {
            return around_.source.error(
                root.place, fmt::format("'{}' is {}, but the value may be a fraction; expected "
                                        "whole numbers, for example floor(...)",
                                        task_.tensor(out).name, type_name(type)));
        }
        task_.stages.push_back(std::move(stage));
        return {};
    }

private:
    [[nodiscard]] const Variable& variable(int id) const {
        return analysis_.variables[static_cast<std::size_t>(id)];
    }

    AxisId add_axis(Frame& frame, int id) {
        const AxisId axis = builder_.axis(variable(id).name, variable(id).extent);
        frame.axes.emplace(id, axis);
        return axis;
    }

    static Index renamed(const Frame& frame, Index index) {
        for (Index::Term& term : index.terms)
            term.axis = frame.axes.at(term.axis);
        std::ranges::sort(index.terms, {}, &Index::Term::axis);
        return index;
    }

    // Adds the reduce axes, restrictions and body of a Reduce node to a stage.
    Result<void> fill_reduction(Stage& stage, Frame& frame, NodeId id) {
        const Node& node = around_.file.node(id);
        stage.how = reducer_of(node.name);
        const std::vector<int>& bound = analysis_.binds.at(id);
        if (is_arg(stage.how) && bound.size() != 1) {
            return around_.source.error(node.place, fmt::format("'{}' expects one axis, found {}",
                                                                node.name, bound.size()));
        }
        for (const int axis : bound)
            stage.reduce.push_back(add_axis(frame, axis));
        for (const int axis : bound) {
            const Variable& from = variable(axis);
            if (!from.low && !from.high) continue;
            Bound where{.axis = frame.axes.at(axis), .low = {}, .high = {}};
            if (from.low) where.low = renamed(frame, *from.low);
            if (from.high) where.high = renamed(frame, *from.high);
            stage.where.push_back(std::move(where));
        }
        CUPEL_TRY(stage.body, lower(node.kids[0], frame));
        return {};
    }

    Result<ExprId> lower(NodeId id, Frame& frame) {
        if (const auto known = frame.done.find(id); known != frame.done.end()) return known->second;
        const Node& node = around_.file.node(id);
        Result<ExprId> result = kNone;
        switch (node.kind) {
            case NodeKind::Number:
            case NodeKind::Parameter:
                result = builder_.constant(node.number);
                break;
            case NodeKind::Name:
                result = lower_name(id, frame);
                break;
            case NodeKind::Apply:
                result = lower_apply(node, frame);
                break;
            case NodeKind::Access:
                result = lower_access(id, frame);
                break;
            case NodeKind::Reduce:
                result = lower_reduce(id, frame);
                break;
        }
        if (result) frame.done.emplace(id, *result);
        return result;
    }

    ExprId lower_name(NodeId id, const Frame& frame) {
        if (const auto axis = analysis_.axis_of.find(id); axis != analysis_.axis_of.end()) {
            return builder_.axis_value(frame.axes.at(axis->second));
        }
        if (const auto use = analysis_.uses.find(id); use != analysis_.uses.end()) {
            return builder_.load(use->second.tensor, {});
        }
        const std::int64_t value = around_.sizes.at(around_.file.node(id).name);
        return builder_.constant(static_cast<double>(value));
    }

    Result<ExprId> lower_apply(const Node& node, Frame& frame) {
        std::vector<ExprId> kids;
        for (const NodeId kid : node.kids) {
            CUPEL_TRY(const ExprId lowered, lower(kid, frame));
            kids.push_back(lowered);
        }
        return builder_.apply(node.op, kids);
    }

    Result<ExprId> lower_access(NodeId id, Frame& frame) {
        const Node& node = around_.file.node(id);
        const Use& use = analysis_.uses.at(id);
        Access access{.tensor = use.tensor, .at = {}};
        for (std::size_t d = 0; d < use.at.size(); d++) {
            if (const std::optional<Index>& affine = use.at[d]) {
                access.at.push_back(renamed(frame, *affine));
                continue;
            }
            Index index;
            CUPEL_TRY(index.gather, lower(node.kids[d], frame));
            if (!builder_.is_whole(index.gather)) {
                return around_.source.error(
                    around_.file.node(node.kids[d]).place,
                    "expected an index: affine in the axes, or whole numbers from an integer "
                    "tensor, an argmax or floor(...)");
            }
            access.at.push_back(std::move(index));
        }
        if (node.outside != kNone) {
            CUPEL_TRY(access.outside, lower(node.outside, frame));
        }
        return builder_.load(std::move(access));
    }

    // The variables an expression depends on, without those it binds itself.
    void collect(NodeId id, std::set<int>& free) const {
        if (id == kNone) return;
        const Node& node = around_.file.node(id);
        if (const auto axis = analysis_.axis_of.find(id); axis != analysis_.axis_of.end()) {
            free.insert(axis->second);
        }
        for (const NodeId kid : node.kids)
            collect(kid, free);
        for (const Binder& binder : node.binders)
            collect(binder.bound, free);
        collect(node.outside, free);
        if (node.kind != NodeKind::Reduce) return;
        for (const int bound : analysis_.binds.at(id))
            free.erase(bound);
    }

    // A stage of its own, read back where the reduction stood.
    Result<ExprId> lower_reduce(NodeId id, Frame& frame) {
        const Node& node = around_.file.node(id);
        std::set<int> free;
        collect(id, free);
        Stage stage{.keep = {}, .reduce = {}, .where = {}, .line = node.place.line};
        Frame inner;
        Tensor tensor;
        std::vector<AxisId> at;
        for (const int axis : free) {
            stage.keep.push_back(add_axis(inner, axis));
            tensor.shape.push_back(variable(axis).extent);
            at.push_back(frame.axes.at(axis));
        }
        CUPEL_DO(fill_reduction(stage, inner, id));
        CUPEL_TRY(const double count, count_of(node, id));
        tensor.name =
            builder_.fresh_name(assignment_.name + "_" + (node.name == "mean" ? "sum" : node.name));
        tensor.type = task_.precision == "fp64" ? Type::F64 : Type::F32;
        if (is_arg(stage.how)) tensor.type = Type::I64;
        CUPEL_TRY(stage.out, add_tensor(std::move(tensor), node.place));
        const ExprId value = builder_.load(stage.out, at);
        task_.stages.push_back(std::move(stage));
        if (node.name != "mean") return value;
        const ExprId kids[] = {value, builder_.constant(count)};
        return builder_.apply(Op::Div, kids);
    }

    Result<TensorId> add_tensor(Tensor tensor, Place place) {
        Wide elements = 1;
        for (const std::int64_t extent : tensor.shape) {
            elements *= extent;
            if (elements > kMaxInteger) {
                return around_.source.error(place,
                                            "the reduction's result is beyond 2^40 elements");
            }
        }
        return builder_.tensor(std::move(tensor));
    }

    // How many values a mean is over; 0 for the other reducers.
    [[nodiscard]] Result<double> count_of(const Node& node, NodeId id) const {
        double count = 1;
        if (node.name != "mean") return 0.0;
        for (const int axis : analysis_.binds.at(id)) {
            const Variable& from = variable(axis);
            if (from.low || from.high) {
                return around_.source.error(
                    node.place, fmt::format("a mean is over a constant number of values; expected "
                                            "'{} < constant', or a sum and a division",
                                            from.name));
            }
            count *= static_cast<double>(from.extent);
        }
        return count;
    }

    const Surroundings& around_;
    const Assignment& assignment_;
    const Analysis& analysis_;
    Builder& builder_;
    Task& task_;
};

}  // namespace

Result<void> emit(const Surroundings& around, const Assignment& assignment,
                  const Analysis& analysis, TensorId out, Builder& builder) {
    return Emitter(around, assignment, analysis, builder).run(out);
}

}  // namespace cupel::task

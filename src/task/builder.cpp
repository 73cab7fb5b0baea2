// SPDX-License-Identifier: Apache-2.0
#include "task/builder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cupel::task {

ExprId Builder::add(const Expr& expr) {
    const Key key{expr.op,        std::bit_cast<std::uint64_t>(expr.number),
                  expr.reference, expr.kid[0],
                  expr.kid[1],    expr.kid[2]};
    const auto [at, fresh] = exprs_.emplace(key, static_cast<ExprId>(task_.exprs.size()));
    if (fresh) task_.exprs.push_back(expr);
    return at->second;
}

ExprId Builder::constant(double value) {
    return add({.op = Op::Const, .number = value});
}

ExprId Builder::axis_value(AxisId axis) {
    return add({.op = Op::Axis, .reference = axis});
}

ExprId Builder::load(Access access) {
    std::vector<std::int64_t> key = {access.tensor, access.outside};
    for (const Index& index : access.at) {
        key.insert(key.end(), {index.offset, index.divisor, index.gather,
                               static_cast<std::int64_t>(index.terms.size())});
        for (const Index::Term& term : index.terms) {
            key.insert(key.end(), {term.axis, term.coefficient});
        }
    }
    const auto [at, fresh] =
        accesses_.emplace(std::move(key), static_cast<int>(task_.accesses.size()));
    if (fresh) task_.accesses.push_back(std::move(access));
    return add({.op = Op::Load, .reference = at->second});
}

ExprId Builder::load(TensorId tensor, std::span<const AxisId> at) {
    Access access{.tensor = tensor, .at = {}};
    for (const AxisId axis : at) {
        Index index;
        index.terms = {{.axis = axis, .coefficient = 1}};
        access.at.push_back(std::move(index));
    }
    return load(std::move(access));
}

ExprId Builder::apply(Op op, std::span<const ExprId> kids) {
    if (op == Op::Neg && task_.expr(kids[0]).op == Op::Const) {
        return constant(-task_.expr(kids[0]).number);
    }
    Expr expr{.op = op};
    std::ranges::copy(kids, std::begin(expr.kid));
    return add(expr);
}

AxisId Builder::axis(std::string name, std::int64_t extent) {
    task_.axes.push_back({std::move(name), extent});
    return static_cast<AxisId>(task_.axes.size() - 1);
}

TensorId Builder::tensor(Tensor tensor) {
    names_.insert(tensor.name);
    task_.tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(task_.tensors.size() - 1);
}

std::string Builder::fresh_name(const std::string& stem) {
    std::string name = stem;
    for (int i = 2; names_.contains(name); i++)
        name = stem + std::to_string(i);
    return name;
}

bool Builder::is_whole(ExprId id) const {
    const Expr& expr = task_.expr(id);
    const auto all = [&](int first) {
        for (int k = first; k < operands(expr.op); k++) {
            if (!is_whole(expr.kid[k])) return false;
        }
        return true;
    };
    switch (expr.op) {
        case Op::Const:
            return expr.number == std::floor(expr.number) && std::isfinite(expr.number);
        case Op::Load: {
            const Access& access = task_.access(expr.reference);
            return !is_float(task_.tensor(access.tensor).type) &&
                   (access.outside == kNone || is_whole(access.outside));
        }
        case Op::Axis:
        case Op::Floor:
        case Op::Not:
        case Op::Less:
        case Op::LessEqual:
        case Op::Equal:
        case Op::NotEqual:
        case Op::And:
        case Op::Or:
            return true;
        case Op::Neg:
        case Op::Abs:
        case Op::Add:
        case Op::Sub:
        case Op::Mul:
        case Op::Min:
        case Op::Max:
            return all(0);
        case Op::Select:
            return all(1);
        case Op::Exp:
        case Op::Log:
        case Op::Sqrt:
        case Op::Tanh:
        case Op::Erf:
        case Op::Sin:
        case Op::Cos:
        case Op::Div:
        case Op::Pow:
            return false;
    }
    return false;
}

}  // namespace cupel::task

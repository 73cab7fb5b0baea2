// SPDX-License-Identifier: Apache-2.0
#include "task/choice.hpp"

#include <algorithm>

#include "task/rewrite.hpp"

namespace cupel::task {
namespace {

bool rounds(Op op) {
    switch (op) {
        case Op::Exp:
        case Op::Log:
        case Op::Sqrt:
        case Op::Tanh:
        case Op::Erf:
        case Op::Sin:
        case Op::Cos:
        case Op::Add:
        case Op::Sub:
        case Op::Mul:
        case Op::Div:
        case Op::Pow:
            return true;
        case Op::Const:
        case Op::Axis:
        case Op::Load:
        case Op::Neg:
        case Op::Not:
        case Op::Abs:
        case Op::Floor:
        case Op::Min:
        case Op::Max:
        case Op::Less:
        case Op::LessEqual:
        case Op::Equal:
        case Op::NotEqual:
        case Op::And:
        case Op::Or:
        case Op::Select:
            break;
    }
    return false;
}

bool is_rounded(const Task& task, const Stage& stage) {
    const auto rounded = [&](ExprId id) {
        const Expr& expr = task.expr(id);
        if (expr.op != Op::Load) return rounds(expr.op);
        const Tensor& tensor = task.tensor(task.access(expr.reference).tensor);
        const Stage* const producer = task.producer(task.access(expr.reference).tensor);
        if (producer == nullptr || !is_float(tensor.type)) return false;
        if (producer->how == Reducer::Sum || producer->how == Reducer::Prod) return true;
        return is_rounded(task, *producer);
    };
    return std::ranges::any_of(below(task, stage.body), rounded);
}

}  // namespace

std::optional<std::string> choice_by_rounding(const Task& task) {
    for (const Stage& stage : task.stages) {
        const bool chooses = stage.how == Reducer::ArgMax || stage.how == Reducer::ArgMin;
        if (chooses && is_rounded(task, stage)) return task.tensor(stage.out).name;
    }
    return std::nullopt;
}

bool is_chosen_from(const Task& task, TensorId tensor) {
    return std::ranges::any_of(task.stages, [&](const Stage& stage) {
        const bool chooses = stage.how == Reducer::ArgMax || stage.how == Reducer::ArgMin ||
                             stage.how == Reducer::Max || stage.how == Reducer::Min;
        if (!chooses) return false;
        const Expr& body = task.expr(stage.body);
        return body.op == Op::Load && task.access(body.reference).tensor == tensor;
    });
}

}  // namespace cupel::task

// SPDX-License-Identifier: Apache-2.0
#include "task/sign.hpp"

#include <algorithm>

namespace cupel::task {
namespace {

bool is_never_negative(const Task& task, ExprId id);

bool tensor_is_never_negative(const Task& task, TensorId tensor) {
    const Stage* stage = task.producer(tensor);
    if (stage == nullptr) return false;  // an input
    if (stage->how == Reducer::ArgMax || stage->how == Reducer::ArgMin) return true;
    return is_never_negative(task, stage->body);
}

bool is_never_negative(const Task& task, ExprId id) {
    const Expr& expr = task.expr(id);
    const auto kid = [&](int which) { return is_never_negative(task, expr.kid[which]); };
    using enum Op;
    switch (expr.op) {
        case Const:
            return expr.number >= 0;
        case Exp:
        case Abs:
        case Sqrt:
        case Less:
        case LessEqual:
        case Equal:
        case NotEqual:
        case And:
        case Or:
        case Not:
            return true;
        case Mul:
            return (kid(0) && kid(1)) || expr.kid[0] == expr.kid[1];
        case Add:
        case Div:
        case Min:
            return kid(0) && kid(1);
        case Max:
            return kid(0) || kid(1);
        case Pow:
            return kid(0);
        case Select:
            return kid(1) && kid(2);
        case Load: {
            const Access& access = task.access(expr.reference);
            return (access.outside == kNone || is_never_negative(task, access.outside)) &&
                   tensor_is_never_negative(task, access.tensor);
        }
        case Axis:
        case Neg:
        case Log:
        case Tanh:
        case Erf:
        case Sin:
        case Cos:
        case Floor:
        case Sub:
            return false;
    }
    return false;
}

}  // namespace

bool sums_never_cancel(const Task& task) {
    const auto adds = [](const Stage& stage) { return stage.how == Reducer::Sum; };
    return std::ranges::any_of(task.stages, adds) &&
           std::ranges::all_of(task.stages, [&](const Stage& stage) {
               return !adds(stage) || is_never_negative(task, stage.body);
           });
}

}  // namespace cupel::task

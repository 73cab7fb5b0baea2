// SPDX-License-Identifier: Apache-2.0
#include "task/task.hpp"

#include <algorithm>

namespace cupel::task {

std::string_view type_name(Type type) {
    switch (type) {
        case Type::F64:
            return "f64";
        case Type::F32:
            return "f32";
        case Type::F16:
            return "f16";
        case Type::BF16:
            return "bf16";
        case Type::I64:
            return "i64";
        case Type::I32:
            return "i32";
        case Type::I8:
            return "i8";
    }
    CUPEL_CHECK(false);
}

std::size_t type_size(Type type) {
    switch (type) {
        case Type::F64:
        case Type::I64:
            return 8;
        case Type::F32:
        case Type::I32:
            return 4;
        case Type::F16:
        case Type::BF16:
            return 2;
        case Type::I8:
            return 1;
    }
    CUPEL_CHECK(false);
}

bool is_float(Type type) {
    return type == Type::F64 || type == Type::F32 || type == Type::F16 || type == Type::BF16;
}

std::int64_t Tensor::elements() const {
    std::int64_t product = 1;  // the parser keeps it below 2^40
    for (const std::int64_t extent : shape)
        product *= extent;
    return product;
}

std::int64_t Tensor::bytes() const {
    return elements() * static_cast<std::int64_t>(type_size(type));
}

AxisId Index::plain_axis() const {
    const bool plain = gather == kNone && terms.size() == 1 && terms[0].coefficient == 1 &&
                       offset == 0 && divisor == 1;
    return plain ? terms[0].axis : kNone;
}

int operands(Op op) {
    if (op <= Op::Load) return 0;
    if (op <= Op::Floor) return 1;
    return op == Op::Select ? 3 : 2;
}

std::string_view op_name(Op op) {
    switch (op) {
        case Op::Const:
            return "const";
        case Op::Axis:
            return "axis";
        case Op::Load:
            return "load";
        case Op::Neg:
            return "neg";
        case Op::Not:
            return "not";
        case Op::Abs:
            return "abs";
        case Op::Exp:
            return "exp";
        case Op::Log:
            return "log";
        case Op::Sqrt:
            return "sqrt";
        case Op::Tanh:
            return "tanh";
        case Op::Erf:
            return "erf";
        case Op::Sin:
            return "sin";
        case Op::Cos:
            return "cos";
        case Op::Floor:
            return "floor";
        case Op::Add:
            return "add";
        case Op::Sub:
            return "sub";
        case Op::Mul:
            return "mul";
        case Op::Div:
            return "div";
        case Op::Min:
            return "min";
        case Op::Max:
            return "max";
        case Op::Pow:
            return "pow";
        case Op::Less:
            return "less";
        case Op::LessEqual:
            return "less_equal";
        case Op::Equal:
            return "equal";
        case Op::NotEqual:
            return "not_equal";
        case Op::And:
            return "and";
        case Op::Or:
            return "or";
        case Op::Select:
            return "select";
    }
    CUPEL_CHECK(false);
}

const Stage* Task::producer(TensorId id) const {
    const auto found = std::ranges::find(stages, id, &Stage::out);
    return found == stages.end() ? nullptr : &*found;
}

}  // namespace cupel::task

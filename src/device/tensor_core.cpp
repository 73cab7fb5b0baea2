// SPDX-License-Identifier: Apache-2.0
#include "device/tensor_core.hpp"

#include <fmt/format.h>

namespace cupel::device {

using schedule::Factor;
using task::Type;

namespace {

// Zero or an element of the tensor: what is fetched as it stands.
Result<void> is_stored_as(const task::Task& task, const Factor& factor, Type type) {
    const auto computed = [] {
        return fail(Errc::Invalid, "a factor is computed, and would be rounded once more");
    };
    if (factor.product.size() != 1) return computed();
    const task::Expr& expr = task.expr(factor.product[0]);
    if (expr.op != task::Op::Load) return computed();
    const task::Access& access = task.access(expr.reference);
    const task::Tensor& tensor = task.tensor(access.tensor);
    if (tensor.type != type) {
        return fail(Errc::Invalid,
                    fmt::format("{} is {}, and would be rounded to {}", tensor.name,
                                task::type_name(tensor.type), task::type_name(type)));
    }
    if (access.outside == task::kNone) return {};
    const task::Expr& outside = task.expr(access.outside);
    if (outside.op != task::Op::Const || outside.number != 0) return computed();
    return {};
}

}  // namespace

Result<TensorCore> tensor_core_for(const task::Task& task, const schedule::Contraction& product) {
    if (task.precision == "tf32") return TensorCore{};
    if (task.precision != "fp16" && task.precision != "bf16") {
        return fail(Errc::Invalid,
                    fmt::format("{} is promised, and tensor cores round the factors to tf32",
                                task.precision));
    }
    const bool half = task.precision == "fp16";
    const Type type = half ? Type::F16 : Type::BF16;
    for (const Factor* const factor : {&product.a, &product.b})
        CUPEL_DO(is_stored_as(task, *factor, type));
    return TensorCore{.type = type,
                      .depth = 16,
                      .name = half ? "f16" : "bf16",
                      .element = half ? "__half" : "__nv_bfloat16"};
}

}  // namespace cupel::device

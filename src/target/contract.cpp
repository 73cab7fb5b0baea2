// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "target/cpu.hpp"

namespace cupel::target {
namespace {

std::string_view cpp_type(task::Type type) {
    switch (type) {
        case task::Type::F64:
            return "double";
        case task::Type::F32:
            return "float";
        case task::Type::F16:
            return "_Float16";
        case task::Type::BF16:
            return "bfloat16";
        case task::Type::I64:
            return "std::int64_t";
        case task::Type::I32:
            return "std::int32_t";
        case task::Type::I8:
            return "std::int8_t";
    }
    CUPEL_CHECK(false);
    return "";
}

std::string shape_text(const task::Tensor& tensor) {
    if (tensor.shape.empty()) return "one element";
    return fmt::format("[{}], row-major", fmt::join(tensor.shape, ", "));
}

std::string parameter(const task::Tensor& tensor, std::string_view qualifier) {
    return fmt::format("{}{}* {}", qualifier, cpp_type(tensor.type), tensor.name);
}

std::string parameter_comment(const task::Tensor& tensor, std::string_view role) {
    return fmt::format("// {}: {}, {}\n", tensor.name, role, shape_text(tensor));
}

}  // namespace

std::string contract_declaration(const task::Task& task) {
    std::vector<std::string> parameters;
    parameters.reserve(task.inputs.size() + task.outputs.size());
    for (const auto id : task.inputs)
        parameters.push_back(parameter(task.tensor(id), "const "));
    for (const auto id : task.outputs)
        parameters.push_back(parameter(task.tensor(id), ""));
    return fmt::format("extern \"C\" void kernel({})", join(parameters, ", "));
}

// C++23 as g++ 12 has it knows no bfloat16.
constexpr std::string_view kBfloat16 = R"(#include <bit>

// The upper half of a float. It is read as that float; what is stored is rounded to nearest, ties to
// even.
struct bfloat16 {
  std::uint16_t bits;
  operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
  bfloat16& operator=(float value) {
    const auto whole = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = (whole + 0x7fffU + (whole >> 16 & 1U)) >> 16;
    const std::uint32_t nan = whole >> 16 | 0x40U;
    bits = static_cast<std::uint16_t>((whole & 0x7fffffffU) > 0x7f800000U ? nan : rounded);
    return *this;
  }
};

)";

bool has_bfloat16(const task::Task& task) {
    return std::ranges::find(task.tensors, task::Type::BF16, &task::Tensor::type) !=
           task.tensors.end();
}

std::string contract_header(const task::Task& task, int threads) {
    std::string text = fmt::format(
        "// task.hpp: the contract of `{}`. Inputs are read-only; every element of every output "
        "is to be written.\n"
        "#pragma once\n\n#include <cstdint>\n{}",
        task.name, has_bfloat16(task) ? kBfloat16 : "\n");
    for (const auto& size : task.sizes) {
        text += fmt::format("inline constexpr std::int64_t {} = {};\n", size.name, size.value);
    }
    text +=
        fmt::format("inline constexpr int kThreads = {};  // OpenMP threads, at most\n\n", threads);
    for (const auto id : task.inputs)
        text += parameter_comment(task.tensor(id), "input");
    for (const auto id : task.outputs)
        text += parameter_comment(task.tensor(id), "output");
    return text + contract_declaration(task) + ";\n";
}

}  // namespace cupel::target

// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/cpu.hpp"
#include "target/test_cache.hpp"

namespace cupel::target {
namespace {

using testing::HasSubstr;

using ContractCompiled = PrivateCache;

task::Task softmax() {
    task::Task task;
    task.name = "softmax";
    task.sizes = {{"B", 8, false}, {"N", 4096, false}};
    task.tensors = {{"x", task::Type::F32, {8, 4096}, task::Role::Input},
                    {"k", task::Type::I64, {}, task::Role::Input},
                    {"y", task::Type::BF16, {8, 4096}, task::Role::Output}};
    task.inputs = {0, 1};
    task.outputs = {2};
    return task;
}

TEST(Contract, InputsComeFirstAndAreConst) {
    EXPECT_EQ(contract_declaration(softmax()),
              "extern \"C\" void kernel(const float* x, const std::int64_t* k, bfloat16* y)");
}

TEST(Contract, TheHeaderHoldsSizesThreadsShapesAndTheDeclaration) {
    const auto header = contract_header(softmax(), 3);
    EXPECT_THAT(header, HasSubstr("#pragma once\n"));
    EXPECT_THAT(header, HasSubstr("inline constexpr std::int64_t N = 4096;\n"));
    EXPECT_THAT(header, HasSubstr("inline constexpr int kThreads = 3;"));
    EXPECT_THAT(header, HasSubstr("// x: input, [8, 4096], row-major\n"));
    EXPECT_THAT(header, HasSubstr("// k: input, one element\n"));
    EXPECT_THAT(header, HasSubstr("struct bfloat16 {\n"));
    EXPECT_THAT(header, HasSubstr("\n" + contract_declaration(softmax()) + ";\n"));
}

TEST_F(ContractCompiled, EveryElementTypeCompiles) {
    auto task = softmax();
    task.tensors.clear();
    task.inputs.clear();
    task.outputs = {6};
    for (const auto type : {task::Type::F64, task::Type::F32, task::Type::F16, task::Type::BF16,
                            task::Type::I64, task::Type::I32, task::Type::I8}) {
        const auto id = static_cast<task::TensorId>(task.tensors.size());
        task.tensors.push_back({"t" + std::to_string(id), type, {4}, task::Role::Input});
        if (id < 6) task.inputs.push_back(id);
    }
    const auto compiler = find_compiler();
    ASSERT_TRUE(compiler.has_value()) << compiler.error().text;
    const auto compiled = compile({contract_declaration(task) + " { t6[0] = t5[0] > 0; }\n",
                                   "kernel.cpp", contract_header(task, 1)},
                                  *compiler);
    ASSERT_TRUE(compiled.has_value()) << compiled.error().text;
    const auto* rejection = std::get_if<Rejection>(&*compiled);
    EXPECT_EQ(rejection, nullptr) << rejection->diagnostics;
}

}  // namespace
}  // namespace cupel::target

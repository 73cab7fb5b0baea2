// SPDX-License-Identifier: Apache-2.0
#include "task/task.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace cupel::task {
namespace {

const std::vector<std::string> kFolders = {CUPEL_ROOT "/tasks"};

Task loaded(std::string_view name, std::span<const Override> overrides = {}) {
    auto task = load(name, kFolders, overrides);
    EXPECT_TRUE(task) << (task ? "" : task.error().text);
    return task ? *std::move(task) : Task{};
}

TEST(TheCounts, OfAMatmulAreTwoFlopsPerMultiplyAdd) {
    const Task task = loaded("matmul");
    EXPECT_EQ(count(task).flops, 2.0 * 1024 * 1024 * 1024);
    EXPECT_EQ(count(task).transcendentals, 0);
    EXPECT_EQ(count(task).bytes(), 3.0 * 4 * 1024 * 1024);
}

TEST(TheCounts, OfProductsOfInputsAreApart) {
    const double n = 1024;
    EXPECT_EQ(count(loaded("matmul")).product_flops, 2 * n * n * n);
    EXPECT_NEAR(count(loaded("matmul_triangular")).product_flops, n * (n + 1) * n, 1);
    EXPECT_EQ(count(loaded("cumsum")).product_flops, 0);
    EXPECT_EQ(count(loaded("conv2d")).product_flops, 0);
    // (A B) x is cheaper as A (B x).
    const auto chain =
        parse(R"(task chain(a: f32[N,N], b: f32[N,N], x: f32[N]) -> y: f32[N] where N = 64
  c[i,j] = sum[k](a[i,k] * b[k,j])
  y[i]   = sum[j](c[i,j] * x[j])
)",
              "chain.task");
    ASSERT_TRUE(chain) << chain.error().text;
    EXPECT_EQ(count(*chain).product_flops, 0);
}

TEST(TheCounts, OfASoftmaxFollowItsThreePasses) {
    const Task task = loaded("softmax");
    const double n = 4096.0 * 4096;
    EXPECT_EQ(count(task).flops, 4 * n);  // max, subtraction, sum, division
    EXPECT_EQ(count(task).transcendentals, n);
    EXPECT_EQ(count(task).bytes(), 8 * n);
}

TEST(TheCounts, OfAConvolutionAreItsMultiplyAddsOutsideThePaddingAndItsBias) {
    const Task task = loaded("conv2d");
    const double outputs = 4.0 * 64 * 28 * 28;
    const double inside = 83.0 / 84;  // of (p, r): only 2 * 0 + 0 - 1 is outside
    EXPECT_NEAR(count(task).flops, outputs * (2 * 64 * 9 * inside * inside + 1), 1);
    EXPECT_EQ(count(task).input_bytes, 4 * (4 * 64 * 56 * 56 + 64 * 64 * 9 + 64));
}

TEST(TheCounts, LeaveOutWhatATriangleDoesNotNeed) {
    const Task matmul = loaded("matmul_triangular");
    EXPECT_NEAR(count(matmul).flops, 1024.0 * 1025 * 1024, 1);
    EXPECT_EQ(count(matmul).input_bytes, 4 * (1024 * 1025 / 2 + 1024 * 1024));
    const double pairs = 16.0 * 512 * 513 / 2;
    const Counts causal = count(loaded("attention_causal"));
    EXPECT_NEAR(causal.transcendentals, pairs, 1);
    EXPECT_NEAR(causal.flops, pairs * (4 * 64 + 1 + 1 + 1 + 1) + 16 * 512 * 64, 1);
    EXPECT_EQ(causal.input_bytes, 3 * 4 * 16 * 512 * 64);
}

TEST(TheCounts, OfARunningSumAreLinear) {
    EXPECT_EQ(count(loaded("cumsum")).flops, 8192.0 * 512);
}

TEST(TheCounts, OfATransposedConvolutionSkipTheFractions) {
    const Task task = loaded("conv_transpose2d");
    const double outputs = 4.0 * 64 * 56 * 56;
    const double inside = 110.0 / (56 * 4);  // of (p, r): two taps each, but one at either end
    EXPECT_NEAR(count(task).flops, outputs * (2 * 64 * 16 * inside * inside + 1), 1);
}

TEST(TheCounts, OfAGatherAreTheRowsItReaches) {
    const double reached = 1 - std::exp(-0.5);
    const double table = 4.0 * 32768 * 512;
    EXPECT_NEAR(static_cast<double>(count(loaded("embedding")).input_bytes),
                table * reached + 8 * 16384, table * 1e-4);
}

TEST(TheTasks, AllParsePrintAndParseBackToTheSameNormalForm) {
    const std::vector<std::string> names = list(kFolders);
    EXPECT_GE(names.size(), 26U);
    for (const std::string& name : names) {
        const Task task = loaded(name);
        EXPECT_EQ(task.name, name);
        EXPECT_FALSE(task.title.empty()) << name;
        std::int64_t bytes = 0;
        for (const Tensor& tensor : task.tensors) {
            if (tensor.role != Role::Intermediate) bytes += tensor.bytes();
        }
        EXPECT_LE(bytes, std::int64_t{256} << 20) << name;
        const std::string printed = print(task);
        const auto again = parse(printed, name);
        ASSERT_TRUE(again) << again.error().text;
        EXPECT_EQ(print(*again), printed);
        EXPECT_EQ(again->stages.size(), task.stages.size()) << name;
        EXPECT_EQ(again->exprs.size(), task.exprs.size()) << name;
        EXPECT_EQ(again->accesses.size(), task.accesses.size()) << name;
        EXPECT_EQ(count(*again).flops, count(task).flops) << name;
    }
}

}  // namespace
}  // namespace cupel::task

// SPDX-License-Identifier: Apache-2.0
#include "task/task.hpp"

#include <gtest/gtest.h>

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

TEST(TheCounts, OfASoftmaxFollowItsThreePasses) {
    const Task task = loaded("softmax");
    const double n = 4096.0 * 4096;
    EXPECT_EQ(count(task).flops, 4 * n);  // max, subtraction, sum, division
    EXPECT_EQ(count(task).transcendentals, n);
    EXPECT_EQ(count(task).bytes(), 8 * n);
}

TEST(TheCounts, OfAConvolutionAreItsMultiplyAddsAndItsBias) {
    const Task task = loaded("conv2d");
    const double outputs = 4.0 * 64 * 28 * 28;
    EXPECT_EQ(count(task).flops, outputs * (2 * 64 * 9 + 1));
    EXPECT_EQ(count(task).input_bytes, 4 * (4 * 64 * 56 * 56 + 64 * 64 * 9 + 64));
}

}  // namespace
}  // namespace cupel::task

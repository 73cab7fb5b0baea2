// SPDX-License-Identifier: Apache-2.0
#include "task/independence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace cupel::task {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::size_t> shared_sums(std::string_view text) {
    const auto task = parse(text, "test");
    EXPECT_TRUE(task.has_value()) << task.error().text;
    return independent_dimensions(*task, task->outputs[0]);
}

TEST(Independence, ARowSharesItsSum) {
    EXPECT_THAT(shared_sums("task t(x: f32[B,N]) -> y: f32[B,N] where B = 3, N = 5\n"
                            "  m[b] = max[n](x[b,n])\n"
                            "  e[b,n] = exp(x[b,n] - m[b])\n"
                            "  y[b,n] = e[b,n] / sum[k](e[b,k])\n"),
                ElementsAre(0));
}

TEST(Independence, AColumnSharesItsSumInWhateverOrderItIsWritten) {
    EXPECT_THAT(shared_sums("task t(x: f32[N,C,H]) -> y: f32[H,N,C] where N = 3, C = 5, H = 2\n"
                            "  s[c] = sum[n,h](x[n,c,h])\n"
                            "  y[h,n,c] = x[n,c,h] / s[c]\n"),
                ElementsAre(2));
}

TEST(Independence, EveryElementOfAProductIsASumOfItsOwn) {
    EXPECT_THAT(
        shared_sums("task t(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 2, N = 3, K = 5\n"
                    "  c[i,j] = sum[k](a[i,k] * b[k,j])\n"),
        ElementsAre(0, 1));
}

// Of 4096 such terms the naive kernel was once off by five roundings in all 381 elements.
TEST(Independence, AFactorBeforeASumMakesNoOtherSums) {
    EXPECT_THAT(
        shared_sums("task t(x: f32[N], v: f32[K], w: f32[K]) -> y: f32[N] where N = 3, K = 5\n"
                    "  y[n] = sum[j < K, k < K](x[n] * v[j] * w[k])\n"),
        IsEmpty());
    EXPECT_THAT(
        shared_sums("task t(x: f32[N], a: f32[M,K]) -> y: f32[M,N] where M = 2, N = 3, K = 5\n"
                    "  y[m,n] = sum[k](x[n] * a[m,k])\n"),
        ElementsAre(0));
}

TEST(Independence, ASumOfWhatIsSharedIsShared) {
    EXPECT_THAT(
        shared_sums("task t(x: f32[B,N], v: f32[N,D]) -> y: f32[B,D] where B = 3, N = 5, D = 4\n"
                    "  s[b] = sum[n](x[b,n])\n"
                    "  y[b,d] = sum[n](x[b,n] / s[b] * v[n,d])\n"),
        ElementsAre(0));
}

TEST(Independence, OneSumOverEverythingLeavesNothingApart) {
    EXPECT_THAT(shared_sums("task t(x: f32[B,N]) -> y: f32[B,N] where B = 3, N = 5\n"
                            "  y[b,n] = x[b,n] - sum[i,j](x[i,j])\n"),
                IsEmpty());
}

TEST(Independence, RunningSumsOfOneRowAddTheSameTerms) {
    EXPECT_THAT(shared_sums("task t(x: f32[M,N]) -> y: f32[M,N] where M = 3, N = 5\n"
                            "  y[m,i] = sum[j <= i](x[m,j])\n"),
                ElementsAre(0));
    EXPECT_THAT(shared_sums("task t(x: f32[M,N]) -> y: f32[M,I] where M = 3, N = 5, I = 5\n"
                            "  y[m,i] = sum[j](j <= i ? x[m,j] : 0)\n"),
                ElementsAre(0));
}

TEST(Independence, ABoundedSumOfProductsIsApartWhereItsFactorsAre) {
    EXPECT_THAT(shared_sums("task t(a: f32[M,M], b: f32[M,N]) -> c: f32[M,N] where M = 3, N = 5\n"
                            "  c[i,j] = sum[k <= i](a[i,k] * b[k,j])\n"),
                ElementsAre(0, 1));
    EXPECT_THAT(shared_sums("task t(x: f32[N,H]) -> y: f32[N,P] where N = 3, H = 8, P = 6\n"
                            "  y[n,p] = mean[r < 3](x[n, p+r])\n"),
                ElementsAre(0, 1));
}

TEST(Independence, WithoutASumNothingIsShared) {
    EXPECT_THAT(shared_sums("task t(x: f32[B,N]) -> y: f32[B,N] where B = 3, N = 5\n"
                            "  y[b,n] = x[b,n] - max[k](x[b,k])\n"),
                ElementsAre(0, 1));
}

}  // namespace
}  // namespace cupel::task

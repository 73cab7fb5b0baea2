// SPDX-License-Identifier: Apache-2.0
#include "task/sign.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cupel::task {
namespace {

bool never_cancels(std::string_view formula) {
    const auto task = parse(
        "task t(x: f32[B,N]) -> y: f32[B,N] where B = 3, N = 5\n" + std::string(formula), "test");
    EXPECT_TRUE(task.has_value()) << task.error().text;
    return sums_never_cancel(*task);
}

TEST(Sign, ExponentialsNeverCancel) {
    EXPECT_TRUE(
        never_cancels("  m[b]   = max[n](x[b,n])\n"
                      "  e[b,n] = exp(x[b,n] - m[b])\n"
                      "  y[b,n] = e[b,n] / sum[k](e[b,k])\n"));
}

TEST(Sign, SquaresNeverCancel) {
    EXPECT_TRUE(
        never_cancels("  s[b]   = sum[n](x[b,n] * x[b,n])\n"
                      "  y[b,n] = x[b,n] / sqrt(s[b] + 1)\n"));
}

TEST(Sign, OneSumOfSignedTermsIsEnough) {
    EXPECT_FALSE(
        never_cancels("  s[b]   = sum[n](x[b,n])\n"
                      "  e[b,n] = exp(x[b,n] - s[b])\n"
                      "  y[b,n] = e[b,n] / sum[k](e[b,k])\n"));
    EXPECT_FALSE(
        never_cancels("  e[b,n] = exp(x[b,n])\n"
                      "  y[b,n] = e[b,n] / sum[k](e[b,k] - 1)\n"));
}

TEST(Sign, WithoutSumsNothingIsSaid) {
    EXPECT_FALSE(never_cancels("  y[b,n] = exp(x[b,n])\n"));
}

}  // namespace
}  // namespace cupel::task

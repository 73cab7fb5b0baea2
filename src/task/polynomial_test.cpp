// SPDX-License-Identifier: Apache-2.0
#include "task/polynomial.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cupel::task {
namespace {

// "a*b x4" for each monomial, in order; "!" where some coefficient is no power of two.
std::string words(std::string_view text) {
    const auto task = parse(text, "test");
    if (!task) return task.error().text;
    const auto monomials = polynomial(*task, task->outputs[0]);
    if (!monomials) return "none";
    std::string all;
    for (const Monomial& monomial : *monomials) {
        if (!all.empty()) all += " + ";
        for (const TensorId input : monomial.inputs)
            all += task->tensor(input).name;
        all += " x" + std::to_string(static_cast<int>(monomial.terms));
        if (!monomial.exact) all += "!";
    }
    return all;
}

TEST(Polynomial, AProductOfMatricesIsOneMonomialPerTerm) {
    EXPECT_EQ(words("task t(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 2, N = 3, K = 5\n"
                    "  c[i,j] = sum[k](a[i,k] * b[k,j])\n"),
              "ab x5");
}

TEST(Polynomial, PaddingBiasAndBranchesOverAxesStayLinear) {
    EXPECT_EQ(words("task t(x: f32[N], w: f32[R], b: f32[1]) -> y: f32[N] where N = 9, R = 3\n"
                    "  y[n] = sum[r](x[n + r - 1 | 0] * w[r]) + (n < 4 ? b[0] : 0)\n"),
              "xw x3 + b x1");
}

TEST(Polynomial, ThroughIntermediatesTheTermsMultiply) {
    EXPECT_EQ(words("task t(a: f32[N,N], b: f32[N,N], c: f32[N,N]) -> y: f32[N,N] where N = 4\n"
                    "  h[i,j] = sum[k](a[i,k] * b[k,j])\n"
                    "  y[i,j] = sum[k](h[i,k] * c[k,j])\n"),
              "abc x16");
}

TEST(Polynomial, AConstantThatIsNoPowerOfTwoIsNotExact) {
    EXPECT_EQ(words("task t(x: f32[N]) -> y: f32 where N = 9\n  y = mean[n](x[n])\n"), "x x9!");
    EXPECT_EQ(words("task t(x: f32[N]) -> y: f32 where N = 16\n  y = mean[n](x[n])\n"), "x x16");
    EXPECT_EQ(words("task t(x: f32[N]) -> y: f32[N] where N = 16\n  y[n] = x[n] / sqrt(N)\n"),
              "x x1");
    EXPECT_EQ(words("task t(x: f32[N]) -> y: f32[N] where N = 16\n  y[n] = x[n] * n\n"), "x x1!");
}

TEST(Polynomial, WhatIsNotOneIsNotCalledOne) {
    for (const char* body :
         {"y[n] = exp(x[n])", "y[n] = max(x[n], 0)", "y[n] = 1 / x[n]", "y[n] = x[n] / z[n]",
          "y[n] = abs(x[n])", "y[n] = x[n] < 0 ? x[n] : z[n]", "y[n] = floor(x[n])"}) {
        EXPECT_EQ(words(std::string("task t(x: f32[N], z: f32[N]) -> y: f32[N] where N = 4\n  ") +
                        body + " + z[n]\n"),
                  "none")
            << body;
    }
    EXPECT_EQ(words("task t(x: f32[N]) -> y: f32 where N = 9\n  y = max[n](x[n])\n"), "none");
}

TEST(Polynomial, SquaresAndConstantTermsAreNotMultilinear) {
    const auto multilinear = [](std::string_view body) {
        const auto task = parse(
            "task t(x: f32[N], z: f32[N]) -> y: f32[N] where N = 4\n  " + std::string(body) + "\n",
            "test");
        return is_multilinear(polynomial(*task, task->outputs[0]).value());
    };
    EXPECT_TRUE(multilinear("y[n] = x[n] * z[n] + 2 * x[n]"));
    EXPECT_FALSE(multilinear("y[n] = x[n] * x[n] + z[n]"));
    EXPECT_FALSE(multilinear("y[n] = x[n] * z[n] + 1"));
}

}  // namespace
}  // namespace cupel::task

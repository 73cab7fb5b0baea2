// SPDX-License-Identifier: Apache-2.0
// The oracle against double loops written by hand.
#include "oracle/oracle.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "oracle/testing.hpp"

namespace cupel::oracle {
namespace {

using testing::Asked;
using testing::Inputs;

constexpr double kTight = 1e-12;  // the hand loops are in double as well

void expect_near(const std::vector<wire::oracle::Truth>& truths,
                 const std::vector<double>& wanted) {
    ASSERT_EQ(truths.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
        ASSERT_NEAR(truths[i].value, wanted[i], kTight * std::max(1.0, std::abs(wanted[i]))) << i;
}

TEST(Oracle, AnAxisInAFormulaIsItsNumber) {
    Asked asked(
        "task t(x: f32[B,N]) -> y: f32[B,N] where B = 3, N = 40\n"
        "  y[b,n] = x[b,n] * n + b + sum[k](k * x[b,k])\n");
    const auto x = asked.inputs.normal<float>(3 * 40);
    std::vector<double> wanted;
    for (std::size_t b = 0; b < 3; ++b) {
        double sum = static_cast<double>(b);
        for (std::size_t k = 0; k < 40; ++k)
            sum += static_cast<double>(k) * static_cast<double>(x[b * 40 + k]);
        for (std::size_t n = 0; n < 40; ++n)
            wanted.push_back(static_cast<double>(x[b * 40 + n]) * static_cast<double>(n) + sum);
    }
    expect_near(asked.all(), wanted);
}

TEST(Oracle, MultipliesMatrices) {
    Asked asked(
        "task matmul(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 9, N = 31, K = 300\n"
        "  c[m,n] = sum[k](a[m,k] * b[k,n])\n");
    const auto a = asked.inputs.normal<float>(9 * 300);
    const auto b = asked.inputs.normal<float>(300 * 31);
    std::vector<double> wanted;
    for (std::size_t m = 0; m < 9; ++m) {
        for (std::size_t n = 0; n < 31; ++n) {
            double sum = 0;
            for (std::size_t k = 0; k < 300; ++k)
                sum += static_cast<double>(a[m * 300 + k]) * static_cast<double>(b[k * 31 + n]);
            wanted.push_back(sum);
        }
    }
    expect_near(asked.all(), wanted);
}

TEST(Oracle, ComputesSoftmaxAndLayernorm) {
    Asked asked(
        "task both(x: f32[R,N], g: f32[N]) -> y: f32[R,N], z: f32[R,N] where R = 5, N = 333\n"
        "  m[r] = max[n](x[r,n])\n"
        "  e[r,n] = exp(x[r,n] - m[r])\n"
        "  y[r,n] = e[r,n] / sum[k](e[r,k])\n"
        "  mu[r] = mean[n](x[r,n])\n"
        "  v[r] = mean[n](sq(x[r,n] - mu[r]))\n"
        "  z[r,n] = (x[r,n] - mu[r]) / sqrt(v[r] + 1e-5) * g[n]\n");
    const auto x = asked.inputs.normal<float>(5 * 333);
    const auto g = asked.inputs.normal<float>(333);
    std::vector<double> soft;
    std::vector<double> norm;
    for (std::size_t r = 0; r < 5; ++r) {
        const auto at = [&](std::size_t n) { return static_cast<double>(x[r * 333 + n]); };
        double sum = 0;
        double mean = 0;
        double variance = 0;
        for (std::size_t n = 0; n < 333; ++n)
            sum += std::exp(at(n));
        for (std::size_t n = 0; n < 333; ++n)
            mean += at(n) / 333;
        for (std::size_t n = 0; n < 333; ++n)
            variance += (at(n) - mean) * (at(n) - mean) / 333;
        for (std::size_t n = 0; n < 333; ++n) {
            soft.push_back(std::exp(at(n)) / sum);
            norm.push_back((at(n) - mean) / std::sqrt(variance + 1e-5) * static_cast<double>(g[n]));
        }
    }
    expect_near(asked.all(0), soft);
    expect_near(asked.all(1), norm);
}

TEST(Oracle, ConvolvesWithPaddingAndStride) {
    Asked asked(
        "task conv(x: f32[N,C,H,W], w: f32[K,C,R,S], b: f32[K]) -> y: f32[N,K,P,Q] where\n"
        "  N = 2, C = 3, H = 11, W = 10, K = 4, R = 3, S = 3, P = (H+2-R)/2+1, Q = (W+2-S)/2+1\n"
        "  y[n,k,p,q] = sum[c,r,s](x[n, c, 2*p+r-1, 2*q+s-1 | 0] * w[k,c,r,s]) + b[k]\n");
    const auto x = asked.inputs.normal<float>(2 * 3 * 11 * 10);
    const auto w = asked.inputs.normal<float>(4 * 3 * 3 * 3);
    const auto b = asked.inputs.normal<float>(4);
    std::vector<double> wanted;
    for (int i = 0; i < 2 * 4 * 6 * 5; ++i) {
        const int n = i / 120;
        const int k = i / 30 % 4;
        const int p = i / 5 % 6;
        const int q = i % 5;
        double sum = 0;
        for (int t = 0; t < 27; ++t) {
            const int c = t / 9;
            const int row = 2 * p + t / 3 % 3 - 1;
            const int column = 2 * q + t % 3 - 1;
            if (row < 0 || row >= 11 || column < 0 || column >= 10) continue;
            sum += static_cast<double>(
                       x[static_cast<std::size_t>(((n * 3 + c) * 11 + row) * 10 + column)]) *
                   static_cast<double>(w[static_cast<std::size_t>(k * 27 + t)]);
        }
        wanted.push_back(sum + static_cast<double>(b[static_cast<std::size_t>(k)]));
    }
    expect_near(asked.all(), wanted);
}

TEST(Oracle, ConvolvesTransposedByExactDivision) {
    Asked asked(
        "task up(x: f32[C,H], w: f32[C,R]) -> y: f32[P] where C = 3, H = 7, R = 4, P = 14\n"
        "  y[p] = sum[c,r](x[c, (p+1-r)/2 | 0] * w[c,r])\n");
    const auto x = asked.inputs.normal<float>(3 * 7);
    const auto w = asked.inputs.normal<float>(3 * 4);
    std::vector<double> wanted(14, 0.0);
    for (std::size_t c = 0; c < 3; ++c) {  // scattered, as the operator is usually defined
        for (std::size_t h = 0; h < 7; ++h) {
            for (std::size_t r = 0; r < 4; ++r) {
                const std::size_t p = 2 * h + r;
                if (p < 1 || p > 14) continue;
                wanted[p - 1] +=
                    static_cast<double>(x[c * 7 + h]) * static_cast<double>(w[c * 4 + r]);
            }
        }
    }
    expect_near(asked.all(), wanted);
}

TEST(Oracle, SumsTrianglesOfEveryKind) {
    Asked asked(
        "task scans(x: f32[R,N]) -> a: f32[R,N], b: f32[R,N], c: f32[R,N], d: f32[R] where R = 2, "
        "N = 300\n"
        "  a[r,i] = sum[j <= i](x[r,j])\n"
        "  b[r,i] = sum[j < i](x[r,j])\n"
        "  c[r,i] = sum[j >= i](x[r,j])\n"
        "  d[r] = sum[i, j <= i](x[r,i] * x[r,j])\n");
    const auto x = asked.inputs.normal<float>(2 * 300);
    std::vector<double> to;
    std::vector<double> before;
    std::vector<double> from;
    std::vector<double> triangle;
    for (std::size_t r = 0; r < 2; ++r) {
        double total = 0;
        double products = 0;
        for (std::size_t i = 0; i < 300; ++i)
            total += static_cast<double>(x[r * 300 + i]);
        double sum = 0;
        for (std::size_t i = 0; i < 300; ++i) {
            const auto value = static_cast<double>(x[r * 300 + i]);
            before.push_back(sum);
            from.push_back(total - sum);
            sum += value;
            to.push_back(sum);
            products += value * sum;
        }
        triangle.push_back(products);
    }
    expect_near(asked.all(0), to);
    expect_near(asked.all(1), before);
    expect_near(asked.all(2), from);
    expect_near(asked.all(3), triangle);
}

TEST(Oracle, FindsTheFirstOfEqualExtrema) {
    Asked asked(
        "task arg(x: f32[R,N]) -> a: i64[R], b: i64[R] where R = 3, N = 200\n"
        "  a[r] = argmax[n](x[r,n])\n"
        "  b[r] = argmin[n](x[r,n])\n");
    std::vector<float> x(600, 1.0F);
    x[150] = x[170] = x[200 + 3] = 2.0F;
    x[40] = x[41] = 0.5F;
    x[400 + 199] = -1.0F;
    asked.inputs.add(x);
    const auto high = asked.all(0);
    const auto low = asked.all(1);
    EXPECT_EQ(high[0].value, 150);
    EXPECT_EQ(high[1].value, 3);
    EXPECT_EQ(high[2].value, 0);
    EXPECT_EQ(low[0].value, 40);
    EXPECT_EQ(low[1].value, 0);
    EXPECT_EQ(low[2].value, 199);
    for (const auto& truth : high) {
        EXPECT_EQ(truth.scale, 0);
        for (const double member : truth.panel)
            EXPECT_EQ(member, truth.value);
    }
}

TEST(Oracle, KnowsThatChosenInputsAreNotRounded) {
    Asked asked(
        "task both(x: f32[N]) -> y: f32, z: f32 where N = 40\n"
        "  y = max[n](x[n])\n"
        "  z = max[n](x[n] + x[n])\n");
    (void)asked.inputs.normal<float>(40);
    EXPECT_EQ(asked.all(0)[0].scale, 0);
    EXPECT_GT(asked.all(1)[0].scale, 0);
}

TEST(Oracle, LetsNaNWinEveryExtremum) {
    Asked asked(
        "task nan(x: f32[N]) -> a: f32, b: f32, c: i64, d: i64 where N = 300\n"
        "  a = max[n](x[n])\n  b = min[n](x[n])\n  c = argmax[n](x[n])\n  d = argmin[n](x[n])\n");
    std::vector<float> x(300, 1.0F);
    x[7] = std::numeric_limits<float>::infinity();
    x[222] = x[223] = std::numeric_limits<float>::quiet_NaN();
    asked.inputs.add(x);
    EXPECT_TRUE(std::isnan(asked.all(0)[0].value));
    EXPECT_TRUE(std::isnan(asked.all(1)[0].value));
    EXPECT_EQ(asked.all(2)[0].value, 222);
    EXPECT_EQ(asked.all(3)[0].value, 222);
}

TEST(Oracle, GathersForCrossEntropy) {
    Asked asked(
        "task entropy(x: f32[N,C], t: i64[N]) -> y: f32 where N = 40, C = 150\n"
        "  m[n] = max[c](x[n,c])\n"
        "  z[n] = m[n] + log(sum[c](exp(x[n,c] - m[n])))\n"
        "  y = mean[n](z[n] - x[n, t[n]])\n");
    const auto x = asked.inputs.normal<float>(40 * 150);
    std::vector<std::int64_t> t;
    for (std::int64_t n = 0; n < 40; ++n)
        t.push_back(n * 31 % 150);
    asked.inputs.add(t);
    double wanted = 0;
    for (std::size_t n = 0; n < 40; ++n) {
        double sum = 0;
        for (std::size_t c = 0; c < 150; ++c)
            sum += std::exp(static_cast<double>(x[n * 150 + c]));
        wanted += std::log(sum) - static_cast<double>(x[n * 150 + static_cast<std::size_t>(t[n])]);
    }
    expect_near(asked.all(), {wanted / 40});
}

TEST(Oracle, GathersOutsideGiveTheOutsideValueOrNaN) {
    Asked asked(
        "task pick(x: f32[N], t: i32[K]) -> y: f32[K], z: f32[K] where N = 10, K = 4\n"
        "  y[k] = x[t[k] | 5]\n"
        "  z[k] = x[t[k]]\n");
    asked.inputs.add(std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    asked.inputs.add(std::vector<std::int32_t>{9, 10, -1, 2});
    const auto padded = asked.all(0);
    EXPECT_EQ(padded[0].value, 9);
    EXPECT_EQ(padded[1].value, 5);
    EXPECT_EQ(padded[2].value, 5);
    EXPECT_EQ(padded[3].value, 2);
    const auto bare = asked.all(1);
    EXPECT_EQ(bare[0].value, 9);
    EXPECT_TRUE(std::isnan(bare[1].value));
    EXPECT_TRUE(std::isnan(bare[2].panel[1]));
    EXPECT_EQ(bare[3].value, 2);
}

TEST(Oracle, AttendsCausally) {
    constexpr std::size_t kS = 70;
    constexpr std::size_t kD = 16;
    Asked asked(
        "task attention(q: f32[B,S,D], k: f32[B,S,D], v: f32[B,S,D]) -> o: f32[B,S,D]\n"
        "  where B = 2, S = 70, D = 16\n"
        "  s[b,i,j] = j <= i ? sum[d](q[b,i,d] * k[b,j,d]) / 4 : -inf\n"
        "  m[b,i] = max[j](s[b,i,j])\n"
        "  p[b,i,j] = exp(s[b,i,j] - m[b,i])\n"
        "  z[b,i] = sum[j](p[b,i,j])\n"
        "  o[b,i,d] = sum[j](p[b,i,j] * v[b,j,d]) / z[b,i]\n");
    const auto q = asked.inputs.normal<float>(2 * kS * kD);
    const auto k = asked.inputs.normal<float>(2 * kS * kD);
    const auto v = asked.inputs.normal<float>(2 * kS * kD);
    std::vector<double> wanted;
    for (std::size_t row = 0; row < 2 * kS; ++row) {
        const std::size_t first = row / kS * kS;
        std::vector<double> weights;
        double total = 0;
        for (std::size_t j = first; j <= row; ++j) {
            double dot = 0;
            for (std::size_t d = 0; d < kD; ++d)
                dot += static_cast<double>(q[row * kD + d]) * static_cast<double>(k[j * kD + d]);
            weights.push_back(std::exp(dot / 4));
            total += weights.back();
        }
        for (std::size_t d = 0; d < kD; ++d) {
            double sum = 0;
            for (std::size_t j = first; j <= row; ++j)
                sum += weights[j - first] * static_cast<double>(v[j * kD + d]);
            wanted.push_back(sum / total);
        }
    }
    const auto truths = asked.all();
    expect_near(truths, wanted);
    for (const auto& truth : truths)
        ASSERT_TRUE(std::isfinite(truth.scale) && truth.scale > 0);
}

TEST(Oracle, ReadsEveryTypeOfInput) {
    Asked asked(
        "task types(a: f64[N], b: f16[N], c: bf16[N], d: i64[N], e: i32[N], f: i8[N]) -> y: "
        "f64[N]\n"
        "  where N = 3\n"
        "  y[n] = a[n] + 10 * b[n] + 100 * c[n] + d[n] + e[n] + f[n]\n");
    asked.inputs.add(std::vector<double>{0.125, 0.25, 0.5});
    asked.inputs.add(std::vector<std::uint16_t>{0x3C00, 0xC100, 0x0001});  // 1, -2.5, 2^-24
    asked.inputs.add(std::vector<std::uint16_t>{0x3F80, 0xC020, 0x4000});  // 1, -2.5, 2
    asked.inputs.add(std::vector<std::int64_t>{std::int64_t{1} << 40, -1, 0});
    asked.inputs.add(std::vector<std::int32_t>{7, -7, 0});
    asked.inputs.add(std::vector<std::int8_t>{-128, 127, 0});
    expect_near(asked.all(), {0.125 + 110 + 0x1p40 + 7 - 128, 0.25 - 275 - 1 - 7 + 127,
                              0.5 + 10 * 0x1p-24 + 200});
}

TEST(Oracle, LongChainsOfMapsThatReadTheLastTwiceStayLinear) {
    std::string text = "task chain(x: f32[N]) -> y: f32[N] where N = 200\n  t0[i] = x[i]\n";
    for (int i = 1; i < 60; ++i)
        text += fmt::format("  t{}[i] = 0.5 * t{}[i] + 0.5 * t{}[i-1 | 0]\n", i, i - 1, i - 1);
    Asked asked(text + "  y[i] = t59[i]\n");
    asked.inputs.add(std::vector<float>(200, 1.0F));
    EXPECT_NEAR(asked.at({199})[0].value, 1.0, kTight);
    EXPECT_NEAR(asked.at({0})[0].value, std::ldexp(1.0, -59), kTight);
}

TEST(Oracle, TheTruthOfFp64IsBetterThanDouble) {
    Asked asked(
        "task dot(x: f64[N]) -> y: f64 where N = 100001\n"
        "  y = sum[n](x[n])\n"
        "precision fp64\n");
    // 1 and many units that each vanish in double but not in 64 bits.
    std::vector<double> x(100001, 0x1p-54);
    x[0] = 1;
    asked.inputs.add(x);
    const auto truth = asked.all()[0];
    EXPECT_NEAR(truth.value, 1 + 100000 * 0x1p-54, 0x1p-52);
    EXPECT_EQ(truth.panel[0], 1);
    EXPECT_NE(truth.panel[1], truth.panel[0]);
}

}  // namespace
}  // namespace cupel::oracle

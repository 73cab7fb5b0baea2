// SPDX-License-Identifier: Apache-2.0
#include "referee/question.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "referee/fill.hpp"

namespace cupel::referee {
namespace {

task::Task parsed(std::string_view text) {
    auto task = task::parse(text, "test");
    EXPECT_TRUE(task) << task.error().text;
    return task ? *std::move(task) : task::Task{};
}

task::Task matmul(int k) {
    return parsed(fmt::format(
        "task matmul(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 8, N = 8, K = {}\n"
        "  c[m,n] = sum[k](a[m,k] * b[k,n])\n",
        k));
}

std::vector<float> filled(const task::Task& task, const Recipe& recipe, std::size_t input) {
    std::vector<float> values(static_cast<std::size_t>(task.tensor(task.inputs[input]).elements()));
    fill_odd(std::as_writable_bytes(std::span(values)), task::Type::F32,
             {.bits = recipe.inputs[input].bits, .exponent = recipe.inputs[input].exponent},
             fresh_key(), 1);
    return values;
}

// Hands one after the other.
Deal deal_of(std::uint64_t number) {
    return {.seed = number / Deal::kHand, .turn = number % Deal::kHand};
}

float without_bits(float value, std::uint32_t dropped) {
    const std::uint32_t half = 1U << (dropped - 1);
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) + half) &
                                ~((1U << dropped) - 1));
}

// Honest ways to add up the terms.
std::vector<float> honest_sums(const std::vector<float>& x, const std::vector<float>& y) {
    const std::size_t n = x.size();
    float forwards = 0;
    float backwards = 0;
    float fused = 0;
    float lanes[32] = {};
    float kahan = 0;
    float lost = 0;
    float split[4] = {};
    for (std::size_t i = 0; i < n; ++i) {
        forwards += x[i] * y[i];
        backwards += x[n - 1 - i] * y[n - 1 - i];
        fused = std::fma(x[i], y[i], fused);
        lanes[i % 32] += x[i] * y[i];
        split[i * 4 / n] += x[i] * y[i];
        const float next = x[i] * y[i] - lost;
        const float sum = kahan + next;
        lost = (sum - kahan) - next;
        kahan = sum;
    }
    for (std::size_t width = 16; width > 0; width /= 2) {
        for (std::size_t i = 0; i < width; ++i)
            lanes[i] += lanes[i + width];
    }
    return {forwards, backwards, fused,
            lanes[0], kahan,     split[0] + split[1] + (split[2] + split[3])};
}

TEST(Exact, EveryHonestOrderGivesTheTruthToTheLastBit) {
    for (const int k : {1, 7, 128, 1000, 4096}) {
        const task::Task task = matmul(k);
        const Composer composer(task);
        ASSERT_GE(composer.exact_bits(), 12) << k;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const Recipe recipe = composer.draw(Kind::Exact, seed, deal_of(seed));
            ASSERT_EQ(recipe.kind, Kind::Exact);
            auto a = filled(task, recipe, 0);
            auto b = filled(task, recipe, 1);
            a.resize(static_cast<std::size_t>(k));
            b.resize(static_cast<std::size_t>(k));
            double truth = 0;
            for (std::size_t i = 0; i < a.size(); ++i)
                truth += static_cast<double>(a[i]) * static_cast<double>(b[i]);
            for (const float sum : honest_sums(a, b))
                EXPECT_EQ(static_cast<double>(sum), truth) << k;
        }
    }
}

// One level of Strassen over a product of 2 x 2 blocks (here: of single numbers, summed over k).
TEST(Exact, StrassenGivesTheTruthToo) {
    const task::Task task = matmul(1024);
    const Composer composer(task);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Recipe recipe = composer.draw(Kind::Exact, seed, deal_of(seed));
        const auto a = filled(task, recipe, 0);
        const auto b = filled(task, recipe, 1);
        float m[7] = {};
        double truth[2] = {};
        for (std::size_t k = 0; k < 1024; k += 2) {
            const float a11 = a[k], a12 = a[k + 1], a21 = a[1024 + k], a22 = a[1024 + k + 1];
            const float b11 = b[8 * k], b12 = b[8 * k + 1], b21 = b[8 * k + 8], b22 = b[8 * k + 9];
            m[0] += (a11 + a22) * (b11 + b22);
            m[1] += (a21 + a22) * b11;
            m[2] += a11 * (b12 - b22);
            m[3] += a22 * (b21 - b11);
            m[4] += (a11 + a12) * b22;
            m[5] += (a21 - a11) * (b11 + b12);
            m[6] += (a12 - a22) * (b21 + b22);
            const auto wide = [](float x) { return static_cast<double>(x); };
            truth[0] += wide(a11) * wide(b11) + wide(a12) * wide(b21);
            truth[1] += wide(a21) * wide(b12) + wide(a22) * wide(b22);
        }
        EXPECT_EQ(static_cast<double>(m[0] + m[3] - m[4] + m[6]), truth[0]);
        EXPECT_EQ(static_cast<double>(m[0] - m[1] + m[2] + m[5]), truth[1]);
    }
}

TEST(Exact, LowerPrecisionsCannotEvenHoldTheOperands) {
    const task::Task task = matmul(256);
    const Composer composer(task);
    for (const std::uint32_t dropped : {13U, 16U}) {  // tf32 and fp16, bf16
        int same = 0;
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
            const Recipe recipe = composer.draw(Kind::Exact, seed, deal_of(seed));
            auto a = filled(task, recipe, 0);
            auto b = filled(task, recipe, 1);
            a.resize(256);
            b.resize(256);
            const float truth = honest_sums(a, b)[0];
            for (float& value : a)
                value = without_bits(value, dropped);
            for (float& value : b)
                value = without_bits(value, dropped);
            same += honest_sums(a, b)[0] == truth ? 1 : 0;
        }
        EXPECT_LE(same, 12) << dropped;
    }
}

TEST(Exact, OperandsTakeTurnsAndScalesAreSecret) {
    const task::Task task = matmul(64);
    const Composer composer(task);
    std::set<int> exponents;
    std::set<std::pair<bool, bool>> wide;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const Recipe recipe = composer.draw(Kind::Exact, seed, deal_of(seed));
        wide.emplace(recipe.inputs[0].bits > 1, recipe.inputs[1].bits > 1);
        exponents.insert(recipe.inputs[0].scale);
    }
    EXPECT_EQ(wide, (std::set<std::pair<bool, bool>>{{false, true}, {true, false}}));
    EXPECT_GT(exponents.size(), 10U);
    EXPECT_LE(*exponents.rbegin(), 24);
    EXPECT_GE(*exponents.begin(), -24);
}

// What a short judgement counts on: of any four questions in turn, half a hand, one is enlarged by
// much in all its inputs and one diminished; of eight, either input of a product is large beside a
// small one.
TEST(Scales, EveryHandHoldsLargeAndSmallProducts) {
    const task::Task task = matmul(64);
    const Composer composer(task);
    std::set<std::vector<bool>> orders;  // who is scaled
    for (std::uint64_t hand = 0; hand < 200; ++hand) {
        std::vector<std::pair<int, int>> scales;
        std::vector<bool> order;
        for (std::uint64_t turn = 0; turn < Deal::kHand; ++turn) {
            const Recipe recipe = composer.draw(Kind::Lawful, Deal::kHand * hand + turn,
                                                {.seed = hand, .turn = turn});
            scales.emplace_back(recipe.inputs[0].scale, recipe.inputs[1].scale);
            order.push_back(scales.back() != std::pair(0, 0));
        }
        orders.insert(order);
        const auto count = [&](std::size_t from, std::size_t to, const auto& holds) {
            return std::count_if(scales.begin() + static_cast<std::ptrdiff_t>(from),
                                 scales.begin() + static_cast<std::ptrdiff_t>(to), holds);
        };
        const auto [low, high] = std::pair(-24, 24);
        for (const auto& [a, b] : scales)
            EXPECT_TRUE(a >= low && a <= high && b >= low && b <= high);
        EXPECT_EQ(count(0, 4, [](const auto& s) { return s.first >= 12 && s.second >= 12; }), 1);
        EXPECT_EQ(count(0, 4, [](const auto& s) { return s.first <= -12 && s.second <= -12; }), 1);
        EXPECT_GE(count(0, 4, [](const auto& s) { return s == std::pair(0, 0); }), 2);
        EXPECT_LE(count(4, 8, [](const auto& s) { return s.first * s.second > 0; }), 0);
        EXPECT_LE(count(4, 8, [](const auto& s) { return s.first > 0; }), 1);
        EXPECT_LE(count(4, 8, [](const auto& s) { return s.first < 0; }), 1);
    }
    EXPECT_GT(orders.size(), 20U);
}

TEST(Exact, ABiasStandsOnTheGridOfTheProducts) {
    const task::Task task = parsed(
        "task t(x: f32[M,K], w: f32[N,K], b: f32[N]) -> y: f32[M,N]\n"
        "  where M = 4, N = 4, K = 100\n"
        "  y[m,n] = sum[k](x[m,k] * w[n,k]) + b[n]\nvalues w ~ normal(0, 0.03)\n");
    const Composer composer(task);
    EXPECT_EQ(composer.exact_bits(), 24 - 7);
    for (const Kind kind : {Kind::Lawful, Kind::Exact}) {
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            const Recipe recipe = composer.draw(kind, seed, deal_of(seed));
            EXPECT_EQ(recipe.inputs[0].exponent + recipe.inputs[1].exponent,
                      recipe.inputs[2].exponent);
        }
    }
}

TEST(Exact, SingleSumsMixExactRowsWithOthers) {
    const task::Task task =
        parsed("task t(x: f32[M,N]) -> y: f32[M] where M = 64, N = 512\n  y[m] = sum[n](x[m,n])\n");
    const Composer composer(task);
    const Recipe recipe = composer.draw(Kind::Exact, 3, {});
    EXPECT_TRUE(recipe.by_rows);
    int rows = 0;
    for (std::uint64_t row = 0; row < 64; ++row)
        rows += recipe.has_row(row) ? 1 : 0;
    EXPECT_GT(rows, 16);
    EXPECT_LT(rows, 48);
    EXPECT_FALSE(Composer(matmul(64)).draw(Kind::Exact, 3, {}).by_rows) << "Strassen mixes rows";
}

TEST(Exact, WhereNothingExactFitsItIsSaid) {
    const auto why = [](std::string_view text) {
        const task::Task task = parsed(text);
        const Composer composer(task);
        EXPECT_EQ(composer.exact_bits(), 0);
        EXPECT_EQ(composer.draw(Kind::Exact, 1, {}).kind, Kind::Lawful);
        return composer.why_not_exact();
    };
    EXPECT_NE(why("task t(x: f32[N]) -> y: f32 where N = 10000\n  y = sum[n](x[n])\n").find("long"),
              std::string::npos);
    EXPECT_NE(
        why("task t(x: f32[N]) -> y: f32[N] where N = 9\n  y[n] = exp(x[n])\n").find("linear"),
        std::string::npos);
    EXPECT_NE(
        why("task t(x: f32[N]) -> y: f32 where N = 9\n  y = mean[n](x[n])\n").find("coefficient"),
        std::string::npos);
    EXPECT_NE(why("task t(x: f32[N]) -> y: f32[N] where N = 9\n  y[n] = 2 * x[n]\n"
                  "values x ~ uniform(0, 1)\n")
                  .find("normal law"),
              std::string::npos);
    EXPECT_NE(why("task t(x: f32[N]) -> y: f32[N] where N = 9\n  y[n] = 2 * x[n]\n"
                  "precision bf16\n")
                  .find("bf16"),
              std::string::npos);
}

TEST(Exact, TheHousesLinearTasksHaveThem) {
    const std::vector<std::string> folders{CUPEL_ROOT "/tasks"};
    for (const char* name : {"matmul", "matmul_batched", "matmul_transposed", "matmul_triangular",
                             "matvec", "conv1d", "conv2d", "conv2d_3x3", "conv_transpose2d",
                             "depthwise_conv2d", "cumsum", "sum_rows", "embedding"}) {
        const auto task = task::load(name, folders);
        ASSERT_TRUE(task) << name;
        const Composer composer(*task);
        EXPECT_GE(composer.exact_bits(), 12) << name << ": " << composer.why_not_exact();
        EXPECT_TRUE(composer.is_scalable()) << name;
        EXPECT_TRUE(composer.is_polynomial()) << name;
    }
    for (const char* name : {"softmax", "attention", "layernorm", "max_rows", "bias_gelu"}) {
        const auto task = task::load(name, folders);
        ASSERT_TRUE(task) << name;
        EXPECT_FALSE(Composer(*task).is_polynomial()) << name;
    }
    const auto pool = task::load("avg_pool2d", folders);
    ASSERT_TRUE(pool);
    EXPECT_TRUE(Composer(*pool).is_scalable());
}

TEST(Composer, CountsTheTermsOfEachElementWhereAllHaveAsMany) {
    EXPECT_EQ(Composer(matmul(96)).least_terms(), 96);
    const auto terms = [](std::string_view stage) {
        return Composer(parsed(fmt::format(
                            "task t(x: f32[M,N], b: f32[M]) -> y: f32[M] where M = 8, N = 64\n"
                            "  y[i] = {}\n",
                            stage)))
            .least_terms();
    };
    EXPECT_EQ(terms("sum[j](x[i,j]) + b[i]"), 65);
    EXPECT_EQ(terms("x[i,0] - b[i]"), 2);
    EXPECT_EQ(terms("sum[j](exp(x[i,j])) + b[i]"), 1);  // no polynomial
    EXPECT_EQ(terms("sum[j <= i](x[i,j]) + b[i]"), 1);
    const auto most = [](std::string_view stage) {
        return Composer(parsed(fmt::format(
                            "task t(x: f32[M,N], b: f32[M]) -> y: f32[M] where M = 8, N = 64\n"
                            "  y[i] = {}\n",
                            stage)))
            .most_terms();
    };
    EXPECT_EQ(most("sum[j](x[i,j]) + b[i]"), 65);
    EXPECT_GE(most("sum[j <= i](x[i,j]) + b[i]"), 8);
    EXPECT_EQ(most("sum[j](exp(x[i,j])) + b[i]"), 1);
}

TEST(Composer, ABiasIsNoFactor) {
    const auto has = [](std::string_view types, std::string_view stage) {
        return Composer(parsed(fmt::format("task t({}) -> y: f32[M] where M = 8, N = 64\n"
                                           "  y[i] = {}\nprecision bf16\n",
                                           types, stage)))
            .has_short_factors();
    };
    EXPECT_TRUE(has("x: bf16[M,N], b: f32[M]", "sum[j](x[i,j] * x[i,j]) + b[i]"));
    EXPECT_FALSE(has("x: bf16[M,N], b: f32[M]", "sum[j](x[i,j] * x[i,j]) * b[i]"));
    EXPECT_FALSE(has("x: bf16[M,N], b: f32[N]", "sum[j](x[i,j] * b[j])"));
    EXPECT_FALSE(has("x: bf16[M,N], b: f32[N]", "sum[j](x[i,j] + b[j])"));
    EXPECT_FALSE(has("x: bf16[M,N], b: bf16[M]", "sum[j](exp(x[i,j])) + b[i]"));
}

}  // namespace
}  // namespace cupel::referee

// SPDX-License-Identifier: Apache-2.0
// The panel and the scale: what a checker will hold kernels to must itself behave.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "oracle/lanes.hpp"
#include "oracle/oracle.hpp"
#include "oracle/testing.hpp"
#include "oracle/types.hpp"

namespace cupel::oracle {
namespace {

using testing::Asked;
using wire::oracle::Truth;

constexpr double kUnit = 0x1p-24;

// |error| / (u scale): what the referee compares between elements.
double excess(const Truth& truth, int member) {
    const double error = std::abs(truth.panel[member] - truth.value);
    return error == 0 ? 0 : error / (kUnit * truth.scale);
}

std::string matmul(int k) {
    return fmt::format(
        "task matmul(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 16, N = 16, K = {}\n"
        "  c[m,n] = sum[k](a[m,k] * b[k,n])\n",
        k);
}

TEST(Panel, SumsTheSameTermsInThreeHonestOrders) {
    Asked asked("task total(x: f32[N]) -> y: f32 where N = 1003\n  y = sum[n](x[n])\n");
    const auto x = asked.inputs.normal<float>(1003);
    float sequential = 0;
    float eight[8] = {};
    for (std::size_t i = 0; i < x.size(); ++i) {
        sequential += x[i];
        eight[i % 8] += x[i];
    }
    const float tree = ((eight[0] + eight[4]) + (eight[2] + eight[6])) +
                       ((eight[1] + eight[5]) + (eight[3] + eight[7]));
    const Truth truth = asked.all()[0];
    EXPECT_EQ(truth.panel[0], static_cast<double>(sequential));
    EXPECT_EQ(truth.panel[1], static_cast<double>(tree));
    EXPECT_NE(truth.panel[2], truth.panel[0]);
    EXPECT_NE(truth.panel[2], truth.panel[1]);
    EXPECT_NEAR(truth.panel[2], truth.value, 1e-4);
}

TEST(Panel, ErrsByRoundingAndNoMore) {
    for (const int k : {32, 256, 1500}) {
        Asked asked(matmul(k));
        asked.inputs.normal<float>(static_cast<std::size_t>(16 * k));
        asked.inputs.normal<float>(static_cast<std::size_t>(16 * k));
        double worst = 0;
        int differing = 0;
        for (const Truth& truth : asked.all()) {
            for (int member = 0; member < kOrders; ++member)
                worst = std::max(worst, excess(truth, member));
            differing += std::set(truth.panel, truth.panel + kOrders).size() > 1 ? 1 : 0;
        }
        EXPECT_LT(worst, 2 * std::sqrt(k)) << k;
        EXPECT_GT(worst, 0.05) << k;  // float arithmetic, not double in disguise
        EXPECT_GT(differing, 200) << k;
    }
}

// Four roundings are the least that a kernel is allowed. A sum that begins with what is added to it
// must keep them, however small its terms are beside that; and no more is granted than that takes.
TEST(Panel, WhatIsAddedToASumMayBeginIt) {
    constexpr std::size_t kTerms = 400;
    constexpr std::size_t kRows = 500;
    for (const char* formula : {"r[m] + s[m]", "s[m] + r[m]", "r[m] - s[m]", "0 - (s[m] - r[m])"}) {
        for (const float size : {1.0F, 0x1p-4F, 0x1p-12F}) {
            Asked asked(
                fmt::format("task t(x: f32[M,N], r: f32[M]) -> y: f32[M] where M = {}, N = {}\n"
                            "  s[m] = sum[n](x[m,n])\n  y[m] = {}\n",
                            kRows, kTerms, formula));
            auto x = asked.inputs.normal<float>(kRows * kTerms);
            for (float& value : x)
                value *= size;
            asked.inputs.region.clear();
            asked.inputs.count = 0;
            asked.inputs.add(x);
            const auto r = asked.inputs.normal<float>(kRows);
            const auto truths = asked.all();
            const bool minus = std::string_view(formula).contains('-');
            double worst = 0;
            for (std::size_t m = 0; m < kRows; ++m) {
                float y = r[m];
                const double value = std::abs(truths[m].value);
                double plain = value;
                for (std::size_t n = 0; n < kTerms; ++n) {
                    y += minus ? -x[m * kTerms + n] : x[m * kTerms + n];
                    plain += static_cast<double>(std::abs(x[m * kTerms + n]));
                }
                const double begun = std::sqrt(kTerms) * static_cast<double>(std::abs(r[m]));
                // The last addition is in `plain`; another one, and storing, follow it.
                EXPECT_LE(truths[m].scale, 1.0001 * (std::hypot(plain, begun) + 2 * value))
                    << formula << " with terms of " << size;
                const double error = std::abs(static_cast<double>(y) - truths[m].value);
                worst = std::max(worst, error / (kUnit * truths[m].scale));
            }
            EXPECT_LT(worst, 3) << formula << " with terms of " << size;
            EXPECT_GT(worst, 0.3) << formula << " with terms of " << size;
        }
    }
}

TEST(Panel, LossesOfPrecisionStandOutAgainstTheScale) {
    Asked asked(matmul(256));
    auto rounded = testing::Inputs();
    for (int i = 0; i < 2; ++i) {
        std::vector<float> low = asked.inputs.normal<float>(16 * 256);
        for (float& value : low)
            value = static_cast<float>(stored(static_cast<double>(value), task::Type::BF16));
        rounded.add(low);
    }
    const auto truths = asked.all();
    Asked cheating(matmul(256));
    cheating.inputs = rounded;
    const auto cheats = cheating.all();
    double least = 1e9;
    double honest = 0;
    for (std::size_t i = 0; i < truths.size(); i += 16) {
        double row = 0;
        for (std::size_t j = i; j < i + 16; ++j) {
            row = std::max(
                row, std::abs(cheats[j].panel[0] - truths[j].value) / (kUnit * truths[j].scale));
            honest = std::max(honest, excess(truths[j], 0));
        }
        least = std::min(least, row);
    }
    EXPECT_GT(least, 100 * honest);
}

TEST(Panel, EveryOperatorStaysWithinItsScale) {
    Asked asked(
        "task ops(x: f32[N], z: f32[N]) -> a: f32[N], b: f32[N], c: f32[N], d: f32[N], e: f32[N],\n"
        "  f: f32[N] where N = 4000\n"
        "  a[n] = tanh(x[n]) * erf(z[n]) - sin(3 * x[n]) / (2 + cos(z[n]))\n"
        "  b[n] = log(1 + exp(x[n])) + sqrt(abs(x[n] * z[n]))\n"
        "  c[n] = pow(abs(x[n]) + 0.1, z[n])\n"
        "  d[n] = max(x[n], z[n]) - min(x[n] * z[n], 0.3)\n"
        "  e[n] = x[n] < z[n] ? exp(x[n] - z[n]) : floor(4 * x[n]) + 0.1\n"
        "  f[n] = gelu(x[n]) - gelu_tanh(x[n])\n");
    asked.inputs.normal<float>(4000);
    asked.inputs.normal<float>(4000);
    for (std::uint32_t output = 0; output < 6; ++output) {
        double worst = 0;
        for (const Truth& truth : asked.all(output))
            worst = std::max(worst, excess(truth, 0));
        EXPECT_LT(worst, 1.5) << output;
        EXPECT_GT(worst, 0.05) << output;
    }
}

TEST(Panel, IsStoredInTheOutputsType) {
    Asked asked(
        "task cast(x: f32[N]) -> h: f16[N], b: bf16[N], f: f32[N] where N = 500\n"
        "  h[n] = x[n] * 1.5\n  b[n] = x[n] * 1.5\n  f[n] = x[n] * 1.5\n");
    asked.inputs.normal<float>(500);
    const task::Type types[] = {task::Type::F16, task::Type::BF16, task::Type::F32};
    for (std::uint32_t output = 0; output < 3; ++output) {
        double worst = 0;
        for (const Truth& truth : asked.all(output)) {
            ASSERT_EQ(truth.panel[0], stored(truth.value, types[output]));
            worst = std::max(worst, excess(truth, 0));
        }
        EXPECT_LE(worst, 1.0);
        EXPECT_GT(worst, 0.3);
    }
}

TEST(Panel, OfALowPrecisionCountsTheStoringOfAnAnswerOnce) {
    for (const auto& [type, precision, unit] :
         {std::tuple("f16", "fp16", 0x1p-11), std::tuple("bf16", "bf16", 0x1p-8)}) {
        Asked asked(
            fmt::format("task cast(x: f32[N]) -> y: {}[N] where N = 500\n"
                        "  y[n] = x[n] * 1.5\n\nprecision {}\n",
                        type, precision));
        asked.inputs.normal<float>(500);
        for (const Truth& truth : asked.all()) {
            EXPECT_LE(std::abs(truth.panel[0] - truth.value), unit * truth.scale) << type;
            // An answer of nothing is wrong by all that there is, and not by half a rounding.
            EXPECT_GT(std::abs(truth.value), 0.2 * truth.scale) << type;
        }
    }
}

TEST(Stored, RoundsHalvesToEvenAndOverflows) {
    EXPECT_EQ(stored(2049, task::Type::F16), 2048);
    EXPECT_EQ(stored(2051, task::Type::F16), 2052);
    EXPECT_EQ(stored(65519, task::Type::F16), 65504);
    EXPECT_TRUE(std::isinf(stored(65520, task::Type::F16)));
    EXPECT_EQ(stored(0x1.8p-24, task::Type::F16), 0x1p-23);  // a subnormal, to even
    EXPECT_EQ(stored(257, task::Type::BF16), 256);
    EXPECT_EQ(stored(-2.7, task::Type::I32), -2);
    EXPECT_EQ(stored(1 + 0x1p-30, task::Type::F32), 1);
}

TEST(Panel, IntegersAreExactBeyondFloat) {
    Asked asked(
        "task ints(x: i64[N]) -> s: i64, y: i64[N] where N = 3\n"
        "  s = sum[n](x[n])\n  y[n] = x[n] + 1\n");
    asked.inputs.add(std::vector<std::int64_t>{(1 << 24) + 1, 1 << 30, 7});
    const Truth sum = asked.all(0)[0];
    EXPECT_EQ(sum.value, (1 << 24) + 1 + (1 << 30) + 7);
    EXPECT_EQ(sum.scale, 0);
    EXPECT_EQ(sum.panel[2], sum.value);
    EXPECT_EQ(asked.at({0}, 1)[0].panel[0], (1 << 24) + 2);
}

// Large sizes become small ones, so that a test may fill every input.
std::vector<task::Override> reduced(const task::Task& task) {
    std::vector<task::Override> overrides;
    for (const task::Size& size : task.sizes)
        if (!size.derived && size.value > 32) overrides.push_back({size.name, 32});
    return overrides;
}

template <class S>
void fill(testing::Inputs& inputs, const task::Task& task, std::size_t which) {
    const task::Tensor& tensor = task.tensor(task.inputs[which]);
    const task::Values& law = task.values[which];
    std::normal_distribution<double> normal(law.a, law.law == task::Law::Normal ? law.b : 1);
    std::uniform_real_distribution<double> uniform(law.a, std::max(law.a, law.b));
    std::vector<S> values(static_cast<std::size_t>(tensor.elements()));
    for (S& value : values) {
        double drawn =
            law.law == task::Law::Normal ? normal(inputs.random) : uniform(inputs.random);
        if (law.law == task::Law::Integers) drawn = std::floor(drawn);
        if constexpr (std::is_same_v<S, std::uint16_t>) {
            value = static_cast<S>(std::bit_cast<std::uint32_t>(static_cast<float>(drawn)) >> 16);
        } else {
            value = static_cast<S>(drawn);
        }
    }
    inputs.add(values);
}

void fill_all(testing::Inputs& inputs, const task::Task& task) {
    for (std::size_t i = 0; i < task.inputs.size(); ++i) {
        switch (task.tensor(task.inputs[i]).type) {
            case task::Type::F64:
                fill<double>(inputs, task, i);
                break;
            case task::Type::F32:
                fill<float>(inputs, task, i);
                break;
            case task::Type::F16:
            case task::Type::BF16:
                fill<std::uint16_t>(inputs, task, i);
                break;
            case task::Type::I64:
                fill<std::int64_t>(inputs, task, i);
                break;
            case task::Type::I32:
                fill<std::int32_t>(inputs, task, i);
                break;
            case task::Type::I8:
                fill<std::int8_t>(inputs, task, i);
                break;
        }
    }
}

TEST(Panel, HoldsForEveryTaskOfTheHouse) {
    const std::vector<std::string> folders{CUPEL_ROOT "/tasks"};
    const auto names = task::list(folders);
    if (names.empty()) GTEST_SKIP() << "no tasks in " << folders[0];
    for (const std::string& name : names) {
        SCOPED_TRACE(name);
        auto task = task::load(name, folders);
        ASSERT_TRUE(task) << task.error().text;
        task = task::load(name, folders, reduced(*task));
        ASSERT_TRUE(task) << task.error().text;
        Asked asked(*task);
        fill_all(asked.inputs, *task);
        const std::map<std::string, double> units = {{"fp64", 0x1p-53},
                                                     {"fp32", kUnit},
                                                     {"tf32", 0x1p-11},
                                                     {"fp16", 0x1p-11},
                                                     {"bf16", 0x1p-8}};
        const double unit = units.at(task->precision);
        for (std::uint32_t output = 0; output < task->outputs.size(); ++output) {
            const auto elements =
                static_cast<std::uint64_t>(task->tensor(task->outputs[output]).elements());
            for (const Truth& truth : asked.at({0, elements / 3, elements - 1}, output)) {
                for (const double member : truth.panel) {
                    ASSERT_FALSE(std::isnan(member));
                    if (member == truth.value) continue;
                    EXPECT_LE(std::abs(member - truth.value), 100 * unit * truth.scale);
                }
            }
        }
    }
}

}  // namespace
}  // namespace cupel::oracle

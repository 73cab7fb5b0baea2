// SPDX-License-Identifier: Apache-2.0
// Printed kernels that sweep rows, compiled and run: several rows at once, other sizes than those
// that a kernel was printed for, and the places of the best values.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "schedule/schedule.hpp"
#include "schedule/testing.hpp"
#include "schedule/trials.hpp"
#include "task/task.hpp"

namespace cupel::schedule {
namespace {

using testing::Library;
using testing::Trial;
using testing::Unit;

// Rows side by side, and skewed passes: of the candidates the first and the last of each kind.
void add_several(std::vector<Trial>& trials, Unit& unit, task::Task task, double tolerance) {
    Trial trial{task.name, std::move(task), tolerance, {}, unit.count()};
    for (const int bytes : {16, 32}) {
        const Width width{.vector_bytes = bytes, .threads = 1, .l3_bytes = 1};
        std::map<std::string, std::vector<Trace>> kinds;
        for (const Trace& trace : candidates(trial.task, width)) {
            const auto together = std::ranges::find_if(trace, [](const Action& action) {
                return action.verb == "rows" || action.verb == "skew";
            });
            if (together != trace.end()) kinds[together->verb].push_back(trace);
        }
        EXPECT_FALSE(kinds.empty()) << trial.what;
        for (const auto& [verb, traces] : kinds) {
            for (const Trace& trace : {traces.front(), traces.back()}) {
                const auto kernel = print_kernel(trial.task, width, trace);
                ASSERT_TRUE(kernel) << trial.what << ": " << kernel.error().text;
                trial.kernels.push_back(*kernel);
                unit.add(trial.task, *kernel);
            }
        }
    }
    trials.push_back(std::move(trial));
}

TEST(RowKernels, OfSeveralRowsAtOnceAreRight) {
    std::vector<Trial> trials;
    Unit unit;
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    const auto add_shipped = [&](const char* name, const std::vector<task::Override>& sizes) {
        auto task = task::load(name, folders, sizes);
        ASSERT_TRUE(task) << task.error().text;
        add_several(trials, unit, *std::move(task), 32);
    };
    for (const char* name : {"softmax", "log_softmax", "softmax_bf16"})
        add_shipped(name, {{"B", 64}, {"N", 96}});
    for (const char* name : {"layernorm", "rmsnorm", "residual_layernorm", "cosine_distance"})
        add_shipped(name, {{"N", 64}, {"D", 96}});
    add_shipped("batchnorm", {{"N", 2}, {"C", 8}, {"H", 4}, {"W", 8}});
    add_shipped("embedding", {{"V", 5}, {"D", 32}, {"N", 16}});
    for (const char* text :
         {"task outputs(x: f32[M,N]) -> y: f32[M,N], s: f32[M], v: f32[M] where M = 32, N = 64\n"
          "  s[m] = sum[n](x[m,n])\n  v[m] = max[n](x[m,n] * s[m])\n"
          "  y[m,n] = exp(x[m,n]) * s[m] + v[m]\n",
          "task twice(x: f32[M,N]) -> e: f32[M,N], y: f32[M,N] where M = 32, N = 64\n"
          "  e[m,n] = exp(x[m,n])\n  y[m,n] = e[m,n] / sum[k](e[m,k]) + e[m,n]\n",
          "task deep(x: f32[A,M,N], g: f32[N]) -> y: f32[A,M,N] where A = 3, M = 32, N = 64\n"
          "  m[a,i] = max[n](x[a,i,n])\n  c[a,i] = m[a,i] * 2 + i\n"
          "  d[a,i] = c[a,i] + a\n  e[a,i,n] = exp(x[a,i,n] - m[a,i]) * d[a,i]\n"
          "  y[a,i,n] = e[a,i,n] / sum[k](abs(e[a,i,k])) * g[n] + c[a,i]\n",
          "task indices(x: f32[M,N], t: i64[M]) -> y: f32[M,N] where M = 32, N = 64\n"
          "  m[i] = max[n](exp(x[i,n]))\n  k[i] = x[i,t[i]] - m[i]\n"
          "  y[i,n] = x[i,n] * k[i] + n\nvalues t ~ integers(0, 3)\n"}) {
        auto task = task::parse(text, "here");
        ASSERT_TRUE(task) << text << task.error().text;
        add_several(trials, unit, *std::move(task), 64);
    }
    Library library(unit.text(), "-O1 -march=native -fopenmp");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

// A kernel is compiled anew for each size that a `shapes` line allows, and must be right there.
TEST(RowKernels, AreRightAtTheSizesThatATaskAllows) {
    const auto rows = [](int b, int n, const char* shapes) {
        return fmt::format(
            "task t(x: f32[B,N]) -> y: f32[B,N], s: f32[B], v: f32[B] where B = {}, N = {}\n"
            "  m[b]   = max[n](x[b,n])\n  e[b,n] = exp(x[b,n] - m[b])\n"
            "  s[b]   = sum[k](e[b,k])\n  y[b,n] = e[b,n] / s[b]\n"
            "  v[b]   = mean[n](sq(x[b,n])) + m[b] * 2\nshapes {}\n",
            b, n, shapes);
    };
    std::vector<Trial> trials;
    Unit unit;
    for (const auto& [shapes, b, n] : {std::tuple{"B in 1..80", 1, 96},
                                       {"B in 1..80", 37, 96},
                                       {"B in 1..80", 77, 96},
                                       {"N in 1..200", 64, 3},
                                       {"N in 1..200", 64, 101}}) {
        const auto written = task::parse(rows(64, 96, shapes), "here");
        auto task = task::parse(rows(b, n, shapes), "here");
        ASSERT_TRUE(written && task);
        Trial trial{fmt::format("B {}, N {}", b, n), *std::move(task), 16, {}, unit.count()};
        const Width width{.vector_bytes = 32, .threads = 1, .l3_bytes = 1};
        std::vector<Trace> traces = candidates(*written, width);
        traces.resize(std::min<std::size_t>(traces.size(), 4));
        for (const Trace& trace : traces) {
            const auto kernel = print_kernel(*written, width, trace);
            ASSERT_TRUE(kernel) << kernel.error().text;
            trial.kernels.push_back(*kernel);
            unit.add(trial.task, *kernel);
        }
        trials.push_back(std::move(trial));
    }
    EXPECT_THAT(trials.front().kernels.front(), ::testing::HasSubstr("skew m"));
    Library library(unit.text(), "-O1 -march=native -fopenmp");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

// Of equal values the first counts, a NaN never does, and of nothing at all it is the first.
TEST(RowKernels, FindTheFirstOfTheBest) {
    constexpr int kRows = 64;
    for (const char* how : {"argmax", "argmin"}) {
        for (const int columns : {16, 61, 128}) {
            const auto task =
                task::parse(fmt::format("task t(x: f32[M,N]) -> y: i64[M] where M = {}, N = {}\n"
                                        "  y[m] = {}[n](x[m,n])\n",
                                        kRows, columns, how),
                            "here");
            ASSERT_TRUE(task);
            Unit unit;
            unit.add(*task, print_naive(*task).value_or(""));
            for (const Trace& trace : candidates(*task, {.vector_bytes = 32}))
                unit.add(*task, print_kernel(*task, {.vector_bytes = 32}, trace).value_or(""));
            EXPECT_GE(unit.count(), 4U);
            Library library(unit.text(), "-O1 -march=native");
            ASSERT_TRUE(library.compiled());
            std::mt19937 random(3);
            std::vector<float> x;
            for (int i = 0; i < kRows * columns; ++i) {
                const int row = i / columns;
                const float infinity = std::numeric_limits<float>::infinity();
                const auto few = static_cast<float>(random() % 3);
                x.push_back(row == 0              ? std::nanf("")
                            : row == 1            ? -infinity
                            : row == 2            ? infinity
                            : row == 3            ? 1.0F
                            : random() % 8U == 0U ? std::nanf("")
                                                  : few);
            }
            const auto call = [&](std::size_t kernel) {
                std::vector<std::int64_t> y(kRows, -1);
                void* const symbol = library.find(fmt::format("kernel{}", kernel));
                reinterpret_cast<void (*)(const float*, std::int64_t*)>(symbol)(x.data(), y.data());
                return y;
            };
            const std::vector<std::int64_t> right = call(0);
            EXPECT_EQ(right[0], 0);
            for (std::size_t kernel = 1; kernel < unit.count(); ++kernel)
                EXPECT_EQ(call(kernel), right) << how << " of " << columns << ", " << kernel;
        }
    }
}

// Machines of a provider may name the third cache of the whole host.
TEST(RowKernels, WriteRowsThatAreReadTwicePastCachesOfAnySize) {
    const auto first = [](const char* text, int threads) {
        const auto task = task::parse(text, "here");
        EXPECT_TRUE(task) << task.error().text;
        const std::int64_t l3 = std::int64_t{508} << 20;
        return print_trace(candidates(*task, Width{.threads = threads, .l3_bytes = l3}).front());
    };
    constexpr const char* kTwice =
        "task twice(x: f32[N,D]) -> y: f32[N,D] where N = 4096, D = 2048\n"
        "  y[n,d] = x[n,d] - sum[k](x[n,k]) / D\n";
    EXPECT_THAT(first(kTwice, 2), HasSubstr("hint y stream"));
    EXPECT_THAT(first(kTwice, 3), Not(HasSubstr("hint y stream")));  // it stays near its core
    EXPECT_THAT(first("task once(x: f32[N,D]) -> y: f32[N,D] where N = 4096, D = 4096\n"
                      "  y[n,d] = gelu(x[n,d])\n",
                      2),
                Not(HasSubstr("hint y stream")));  // it computes as long as it would wait
    EXPECT_THAT(first("task moved(x: f32[N,D], z: f32[N,D]) -> y: f32[N,D]\n"
                      "  where N = 4096, D = 4096\n  y[n,d] = relu(x[n,d] + z[n,d])\n",
                      2),
                HasSubstr("hint y stream"));
    EXPECT_THAT(first("task shifted(x: f32[N,E], w: f32[K]) -> y: f32[N,D]\n"
                      "  where N = 4096, D = 4096, K = 3, E = D + K - 1\n"
                      "  y[n,d] = sum[k](x[n,d+k] * w[k])\n",
                      2),
                Not(HasSubstr("hint y stream")));
}

TEST(RowKernels, TakeAsManyRowsAtATimeAsHaveRoom) {
    const auto rows = [](std::string_view inputs, std::string_view formulas,
                         const Width& width = {}) {
        const auto task = task::parse(fmt::format("task t(x: f32[N,D], {}) -> y: f32[N,D]\n"
                                                  "  where N = 4096, D = 2048\n{}",
                                                  inputs, formulas),
                                      "here");
        EXPECT_TRUE(task) << task.error().text;
        std::string all;
        for (const Trace& trace : candidates(*task, width))
            all += print_trace(trace);
        return all;
    };
    const std::string one =
        rows("g: f32[D]", "  s[n] = sum[k](x[n,k])\n  y[n,d] = x[n,d] * s[n] * g[d]\n");
    EXPECT_THAT(one, HasSubstr("rows s 4"));
    constexpr const char* kInputs = "r: f32[N,D], g: f32[D], b: f32[D]";
    constexpr const char* kFormulas =
        "  s[n] = sum[k](x[n,k] + r[n,k])\n  y[n,d] = (x[n,d] + r[n,d]) * s[n] * g[d] + b[d]\n";
    const std::string two = rows(kInputs, kFormulas);
    EXPECT_THAT(two, HasSubstr("rows s 2"));
    EXPECT_THAT(two, Not(HasSubstr("rows s 4")));
    // A first cache of twelve ways.
    EXPECT_THAT(rows(kInputs, kFormulas, Width{.l1_bytes = 48 << 10}), HasSubstr("rows s 4"));
}

}  // namespace
}  // namespace cupel::schedule

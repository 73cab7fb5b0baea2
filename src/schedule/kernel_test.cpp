// SPDX-License-Identifier: Apache-2.0
// Printed kernels, compiled and run: the naive one, the default schedule and others, at sizes that
// leave remainders, against plain loops in double. One translation unit a test.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "schedule/schedule.hpp"
#include "schedule/testing.hpp"
#include "schedule/trials.hpp"
#include "task/task.hpp"

namespace cupel::schedule {
namespace {

using testing::Library;
using testing::Trial;
using testing::Unit;
using Sizes = std::vector<task::Override>;

struct ShippedTask {
    const char* name;
    double tolerance;           // in units of the last place of the largest magnitude
    std::vector<Sizes> shapes;  // the sizes not named stay as they are
};

Width narrow_at(std::size_t shape) {
    return {.vector_bytes = shape == 1 ? 16 : 32, .l3_bytes = 1};  // small outputs stream, too
}

void add(std::vector<Trial>& trials, Unit& unit, const ShippedTask& test, std::size_t shape) {
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    auto task = task::load(test.name, folders, test.shapes[shape]);
    ASSERT_TRUE(task) << task.error().text;
    Trial trial{
        fmt::format("{}, shape {}", test.name, shape), std::move(*task), test.tolerance, {}, 0};
    trial.kernels.push_back(print_naive(trial.task).value_or(""));
    const Width width = narrow_at(shape);
    std::vector<Trace> traces = {default_trace(trial.task, width)};
    if (shape == 0 && family(trial.task) == Family::Sweep) {
        const std::vector<Trace> all = candidates(trial.task, width);
        traces.push_back(all[all.size() / 2]);
        traces.push_back(all.back());
    }
    for (const Trace& trace : traces) {
        const auto kernel = print_kernel(trial.task, width, trace);
        ASSERT_TRUE(kernel) << test.name << ": " << kernel.error().text;
        trial.kernels.push_back(*kernel);
    }
    trial.first = unit.count();
    for (const std::string& kernel : trial.kernels)
        unit.add(trial.task, kernel);
    trials.push_back(std::move(trial));
}

void expect_right_at_all_shapes(const std::vector<ShippedTask>& cases) {
    std::vector<Trial> trials;
    Unit unit;
    for (const ShippedTask& test : cases) {
        for (std::size_t shape = 0; shape < test.shapes.size(); ++shape)
            add(trials, unit, test, shape);
    }
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

// Remainders of vectors and of unrolled steps; whole vectors; rows shorter than a vector.
std::vector<Sizes> rows(const char* rows, const char* columns) {
    return {{{rows, 7}, {columns, 257}}, {{rows, 33}, {columns, 64}}, {{rows, 1}, {columns, 7}}};
}

const std::vector<ShippedTask>& tasks_of_rows() {
    static const std::vector<ShippedTask> all = {
        {"softmax", 8, rows("B", "N")},    {"log_softmax", 8, rows("B", "N")},
        {"layernorm", 16, rows("N", "D")}, {"rmsnorm", 16, rows("N", "D")},
        {"bias_gelu", 4, rows("M", "N")},  {"swiglu", 16, rows("M", "N")},
    };
    return all;
}

TEST(Kernels, OfRowsAreRightAtEveryRemainder) {
    expect_right_at_all_shapes(tasks_of_rows());
}

const std::vector<ShippedTask>& reductions() {
    static const std::vector<ShippedTask> all = {
        {"sum_rows", 32, rows("M", "N")},       {"max_rows", 1, rows("M", "N")},
        {"argmax_rows", 0, rows("M", "N")},     {"cumsum", 64, rows("M", "N")},
        {"cosine_distance", 8, rows("N", "D")}, {"mse", 64, rows("M", "N")},
        {"matvec", 32, rows("M", "K")},         {"cross_entropy", 16, rows("N", "C")},
    };
    return all;
}

TEST(Kernels, OfReductionsAreRightAtEveryRemainder) {
    expect_right_at_all_shapes(reductions());
}

const std::vector<ShippedTask>& others() {
    static const std::vector<ShippedTask> all = {
        {"batchnorm",
         32,
         {{{"N", 2}, {"C", 3}, {"H", 5}, {"W", 9}}, {{"N", 2}, {"C", 3}, {"H", 4}, {"W", 8}}}},
        {"attention", 32, {{{"B", 2}, {"S", 19}, {"D", 8}}}},
        {"attention_causal", 32, {{{"B", 2}, {"S", 19}, {"D", 8}}}},
        {"avg_pool2d",
         8,
         {{{"N", 2}, {"C", 3}, {"H", 13}, {"W", 18}}, {{"N", 1}, {"C", 2}, {"H", 21}, {"W", 97}}}},
        {"max_pool2d",
         1,
         {{{"N", 2}, {"C", 3}, {"H", 13}, {"W", 18}}, {{"N", 1}, {"C", 2}, {"H", 21}, {"W", 97}}}},
        {"embedding", 0, {{{"V", 5}, {"D", 19}, {"N", 11}}}},
        {"conv1d", 32, {{{"N", 2}, {"C", 3}, {"L", 40}, {"K", 5}}}},
        {"conv2d", 32, {{{"N", 2}, {"C", 3}, {"H", 9}, {"W", 13}, {"K", 5}}}},
        {"depthwise_conv2d",
         16,
         {{{"N", 2}, {"C", 3}, {"H", 9}, {"W", 13}}, {{"N", 1}, {"C", 2}, {"H", 21}, {"W", 97}}}},
        {"conv_transpose2d", 32, {{{"N", 1}, {"C", 3}, {"H", 5}, {"W", 6}, {"K", 4}}}},
        {"residual_layernorm", 16, {{{"N", 5}, {"D", 77}}}},
        {"linear_relu_softmax", 32, {{{"M", 5}, {"K", 9}, {"N", 21}}}},
    };
    return all;
}

TEST(Kernels, OfAllOtherShapesAreRight) {
    expect_right_at_all_shapes(others());
}

// An answer of 16 bits is off by half a unit of its own: 2^16 of a float's in bf16, 2^13 in f16.
const std::vector<ShippedTask>& shorts() {
    static const std::vector<ShippedTask> all = {
        {"softmax_bf16", 8, rows("B", "N")},
        {"matmul_f16", 32, {{{"M", 13}, {"N", 70}, {"K", 19}}, {{"M", 5}, {"N", 8}, {"K", 64}}}},
        {"matmul_tf32", 32, {{{"M", 13}, {"N", 70}, {"K", 19}}}},
        {"linear_bf16",
         0x1p16 + 32,
         {{{"M", 13}, {"N", 17}, {"K", 83}}, {{"M", 5}, {"N", 8}, {"K", 64}}}},
    };
    return all;
}

TEST(Kernels, OfSixteenBitsAreRight) {
    expect_right_at_all_shapes(shorts());
}

// A task that the tree does not have, in vectors of all widths.
void add_text(std::vector<Trial>& trials, Unit& unit, const std::string& text, double tolerance) {
    auto task = task::parse(text, "text.task");
    ASSERT_TRUE(task) << task.error().text;
    Trial trial{task->name, std::move(*task), tolerance, {}, unit.count()};
    trial.kernels.push_back(print_naive(trial.task).value_or(""));
    for (const int bytes : {16, 32, 64}) {
        const Width width{.vector_bytes = bytes};
        const auto kernel = print_kernel(trial.task, width, default_trace(trial.task, width));
        ASSERT_TRUE(kernel) << kernel.error().text;
        trial.kernels.push_back(*kernel);
    }
    for (const std::string& kernel : trial.kernels)
        unit.add(trial.task, kernel);
    trials.push_back(std::move(trial));
}

// Halves that are stored, column by column and beside their ends.
TEST(Kernels, StoreHalvesRoundedToNearest) {
    std::vector<Trial> trials;
    Unit unit;
    add_text(trials, unit,
             "task a(x: f16[M,N], b: f16[N]) -> y: f16[M,N] where M = 9, N = 77\n"
             "  y[i,j] = max(x[i,j] + b[j], 0)\nprecision fp16\n",
             0x1p13 + 4);
    add_text(trials, unit,
             "task b(x: bf16[M,N]) -> y: bf16[N] where M = 33, N = 50\n"
             "  y[j] = sum[i](x[i,j])\nprecision bf16\n",
             0x1p16 + 32);
    add_text(trials, unit,
             "task c(x: f16[N]) -> y: f16[N] where N = 99\n"
             "  y[i] = x[i - 1 | 0] + x[i]\nprecision fp16\n",
             0x1p13 + 4);
    EXPECT_THAT(trials[0].kernels[2], ::testing::HasSubstr("store_f16("));
    EXPECT_THAT(trials[1].kernels[2], ::testing::HasSubstr("store_bf16("));
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

// Rows of all lengths from none to several unrolled steps, cut at either end and at both.
TEST(Kernels, ReduceBoundedRowsInVectors) {
    std::vector<Trial> trials;
    Unit unit;
    const std::string head = "(x: f32[M,N]) -> y: f32[M] where M = 157, N = 157\n  y[i] = ";
    add_text(trials, unit, "task below" + head + "sum[j <= i](x[i,j])\n", 64);
    add_text(trials, unit, "task above" + head + "sum[j > i](x[i,j] * x[i,j])\n", 64);
    add_text(trials, unit, "task largest" + head + "max[j <= i](x[i,j])\n", 1);
    add_text(trials, unit, "task least" + head + "min[j >= i](x[i,j])\n", 1);
    add_text(trials, unit, "task band" + head + "sum[j >= i - 40, j <= i + 3](x[i,j] + 1)\n", 64);
    for (const Trial& trial : trials) {
        EXPECT_THAT(trial.kernels[3], ::testing::HasSubstr("_lanes")) << trial.what;
    }
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

// Tensors and axes may be called like the variables of the printed loops.
TEST(Kernels, LetATaskHaveAnyNames) {
    std::vector<Trial> trials;
    Unit unit;
    add_text(trials, unit,
             "task u_r(u: f32[R,N]) -> y: f32[R] where R = 64, N = 96\n  y[r] = sum[j](u[r,j])\n",
             64);
    add_text(trials, unit,
             "task place(c: f32[M,N]) -> y: f32[M,N] where M = 33, N = 160\n"
             "  m[u] = max[j](c[u,j])\n"
             "  z[u] = sum[j](exp(c[u,j] - m[u]) * u)\n"
             "  y[u,j] = exp(c[u,j] - m[u] - 0.1 * u) + z[u]\n",
             64);
    add_text(trials, unit,
             "task below(x: f32[M,N]) -> y: f32[M] where M = 157, N = 157\n"
             "  y[u] = sum[r <= u](x[u,r] * u)\n",
             64);
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

// Norms over other axes than the last, and maps of several: whichever verbs come first.
TEST(Kernels, OfMergedAndJoinedAxesAreRight) {
    std::vector<Trial> trials;
    Unit unit;
    const auto add_heads = [&](const std::string& text) {
        auto task = task::parse(text, "here");
        ASSERT_TRUE(task) << task.error().text;
        Trial trial{text, std::move(*task), 64, {}, unit.count()};
        std::set<std::string> heads;
        for (const Trace& trace : candidates(trial.task, {.vector_bytes = 32, .l3_bytes = 1})) {
            std::string head;
            for (const Action& action : trace)
                head += action.verb == "merge" || action.verb == "join" ? action.verb : "";
            if (!heads.insert(head).second) continue;
            const auto kernel = print_kernel(trial.task, {.vector_bytes = 32}, trace);
            ASSERT_TRUE(kernel) << text << ": " << kernel.error().text;
            trial.kernels.push_back(*kernel);
            unit.add(trial.task, *kernel);
        }
        EXPECT_GE(heads.size(), 2U) << text;
        trials.push_back(std::move(trial));
    };
    const std::string moments =
        "  m[c] = mean[n,h,w](x[n,c,h,w])\n"
        "  v[c] = mean[n,h,w](sq(x[n,c,h,w] - m[c]))\n";
    const std::string sizes = " where N = 3, C = 5, H = 4, W = 12\n";
    add_heads("task two(x: f32[N,C,H,W], r: f32[N,C,H,W]) -> y: f32[N,C,H,W]" + sizes + moments +
              "  y[n,c,h,w] = max((x[n,c,h,w] - m[c]) / sqrt(v[c] + 1), 0) + r[n,c,h,w]\n");
    add_heads("task moments(x: f32[N,C,H,W]) -> y: f32[N,C,H,W], m: f32[C], v: f32[C]" + sizes +
              moments + "  y[n,c,h,w] = (x[n,c,h,w] - m[c]) * v[c]\n");
    add_heads("task instance(x: f32[N,C,H,W], g: f32[C]) -> y: f32[N,C,H,W]" + sizes +
              "  m[n,c] = mean[h,w](x[n,c,h,w])\n"
              "  y[n,c,h,w] = (x[n,c,h,w] - m[n,c]) * g[c]\n");
    add_heads("task turned(x: f32[N,C,H,W]) -> y: f32[H,N,C,W]" + sizes +
              "  m[n,c] = max[h,w](x[n,c,h,w])\n  y[h,n,c,w] = x[n,c,h,w] - m[n,c]\n");
    add_heads("task product(x: f32[N,C,H,W]) -> y: f32[N,C]" + sizes +
              "  y[n,c] = prod[h,w](1 + x[n,c,h,w] / 8)\n");
    add_heads("task flat(x: f32[N,C,H,W], b: f32[C]) -> y: f32[N,C,H,W]" + sizes +
              "  y[n,c,h,w] = exp(x[n,c,h,w]) + b[c]\n");
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

TEST(Kernels, PackShortTypesPastTheLastWholePanel) {
    std::vector<Trial> trials;
    Unit unit;
    add_text(trials, unit,
             "task ragged(x: bf16[M,K], w: bf16[K,N]) -> y: f32[M,N] where M = 24, N = 40, K = 32\n"
             "  y[i,j] = sum[k](x[i,k] * w[k,j])\n",
             64);
    add_text(
        trials, unit,
        "task ragged_f16(x: f16[M,K], w: f16[K,N]) -> y: f32[M,N] where M = 24, N = 40, K = 32\n"
        "  y[i,j] = sum[k](x[i,k] * w[k,j])\n",
        64);
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

// The default kernels of all tasks, for one width of vectors.
struct AtWidth {
    std::vector<Trial> trials;
    Unit unit;
};

void add_all(AtWidth& all, const Width& width) {
    static const std::vector<ShippedTask> products = {
        {"matmul", 32, {{{"M", 13}, {"N", 70}, {"K", 19}}}},
        {"matmul_batched", 32, {{{"B", 3}, {"M", 13}, {"N", 70}, {"K", 19}}}},
        {"matmul_transposed", 32, {{{"M", 13}, {"N", 70}, {"K", 19}}}},
        {"matmul_triangular", 32, {{{"M", 37}, {"N", 67}}}},
        {"linear_gelu", 32, {{{"M", 13}, {"N", 70}, {"K", 19}}}},
        {"conv2d_3x3", 32, {{{"N", 2}, {"C", 3}, {"H", 9}, {"W", 70}, {"K", 5}}}},
    };
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    for (const auto& list : {tasks_of_rows(), reductions(), others(), shorts(), products}) {
        for (const ShippedTask& test : list) {
            auto task = task::load(test.name, folders, test.shapes[0]);
            ASSERT_TRUE(task) << task.error().text;
            const auto kernel = print_kernel(*task, width, default_trace(*task, width));
            ASSERT_TRUE(kernel) << test.name << ": " << kernel.error().text;
            const std::size_t first = all.unit.count();
            all.unit.add(*task, *kernel);
            all.trials.push_back({test.name, std::move(*task), test.tolerance, {*kernel}, first});
        }
    }
    std::vector<std::string> names;
    for (const Trial& trial : all.trials)
        names.push_back(trial.what);
    EXPECT_THAT(names, ::testing::IsSupersetOf(task::list(folders)));
}

// What is printed for a machine depends on no other: with what every x86-64 has, no fused
// multiply-add among it.
TEST(Kernels, AreRightForSse2) {
    AtWidth all;
    add_all(all, {.vector_bytes = 16, .registers = 16});
    Library library(all.unit.text(), "-O0 -march=x86-64");
    for (const Trial& trial : all.trials)
        expect_right(trial, library);
}

// Without such registers the compiler splits the vectors, and the text can run all the same. With
// them it must compile: its intrinsics are others.
TEST(Kernels, AreRightInVectorsOf64Bytes) {
    AtWidth all;
    add_all(all, {.vector_bytes = 64, .registers = 32});
    Library split(all.unit.text(), "-O0 -march=native");
    for (const Trial& trial : all.trials)
        expect_right(trial, split);
    Library library(all.unit.text(), "-O0 -march=x86-64-v4");
    ASSERT_TRUE(library.compiled());
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw")) return;
    for (const Trial& trial : all.trials)
        expect_right(trial, library);
}

}  // namespace
}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
#include "device/device.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "device/plan.hpp"

namespace cupel::device {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kTaskFolders = {std::string(CUPEL_ROOT) + "/tasks"};

task::Task task_named(const std::string& name) {
    auto task = task::load(name, kTaskFolders);
    EXPECT_TRUE(task.has_value()) << (task ? "" : task.error().text);
    return task.value_or(task::Task{});
}

task::Task task_of(const std::string& text) {
    auto task = task::parse(text, "mine.task");
    EXPECT_TRUE(task.has_value()) << (task ? "" : task.error().text);
    return task.value_or(task::Task{});
}

std::string printed(const task::Task& task, const std::string& trace) {
    const auto parsed = schedule::parse_trace(trace);
    EXPECT_TRUE(parsed.has_value());
    const auto text = print_kernel(task, *parsed);
    return text ? *text : "refused: " + text.error().text;
}

TEST(DevicePrint, EveryTaskOfTheTreeHasANaiveKernelAndSchedules) {
    for (const std::string& name : task::list(kTaskFolders)) {
        SCOPED_TRACE(name);
        const task::Task task = task_named(name);
        const auto naive = print_naive(task);
        ASSERT_TRUE(naive.has_value()) << naive.error().text;
        EXPECT_THAT(*naive, HasSubstr("#pragma cupel launch"));
        const auto all = candidates(task);
        ASSERT_TRUE(all.has_value()) << all.error().text;
        EXPECT_FALSE(all->empty());
        EXPECT_LE(all->size(), 16U);
    }
}

TEST(DevicePrint, SizesAreNamesSoThatOneTextServesAll) {
    // At 4096 x 4096 a number could be either size, and D is under a root.
    for (const char* name : {"softmax", "layernorm", "attention", "conv2d", "batchnorm"}) {
        const task::Task task = task_named(name);
        auto sizes = std::vector<task::Override>();
        for (const task::Size& size : task.sizes)
            if (!size.derived) sizes.push_back({size.name, size.value});
        for (task::Override& size : sizes)
            if (size.name != "R" && size.name != "S") size.value = size.value / 2 + 3;
        const auto other = task::parse(task.text, task.name, sizes);
        ASSERT_TRUE(other.has_value()) << other.error().text;
        EXPECT_EQ(print_naive(task).value(), print_naive(*other).value());
        const std::vector<schedule::Trace> traces = candidates(task).value();
        for (const schedule::Trace& trace : traces) {
            const auto there = print_kernel(*other, trace);
            if (!there) continue;  // what does not fit there
            EXPECT_EQ(print_kernel(task, trace).value(), *there);
        }
    }
    EXPECT_THAT(print_naive(task_named("attention")).value(), HasSubstr("sqrtf(float(D))"));
    EXPECT_THAT(print_naive(task_named("batchnorm")).value(), HasSubstr("/ float(N * H * W)"));
}

TEST(DevicePrint, WhatFollowsFromSizesWithoutANameIsRefused) {
    const task::Task reversed =
        task_of("task r(x: f32[N]) -> y: f32[N] where N = 64\n  y[i] = x[N - 1 - i]\n");
    const auto text = print_naive(reversed);
    ASSERT_FALSE(text.has_value());
    EXPECT_EQ(text.error().code, Errc::Invalid);
    EXPECT_THAT(text.error().text, HasSubstr("follows from the sizes"));
}

TEST(DevicePrint, RowsAreReducedByWarpsOrBlocks) {
    const task::Task softmax = task_named("softmax");
    const std::string block = printed(softmax, "row y block\nblock y 256\nvector y 4\nonline m\n");
    EXPECT_THAT(block, HasSubstr("<<<B, 256>>>(x, y)"));
    EXPECT_THAT(block, HasSubstr("take4<N % 4 == 0>"));
    EXPECT_THAT(block, HasSubstr("__syncthreads();"));
    EXPECT_THAT(block, HasSubstr("larger"));
    const std::string warp = printed(softmax, "row y warp\nblock y 128\n");
    EXPECT_THAT(warp, HasSubstr("<<<ceil(B / 4), 128>>>(x, y)"));
    EXPECT_THAT(warp, HasSubstr("sum_of<32>"));
    EXPECT_THAT(warp, Not(HasSubstr("take4")));
}

TEST(DevicePrint, ProductsAreTiled) {
    const std::string text = printed(task_named("linear_gelu"),
                                     "tile y 64 64 16\nthread y 8 8\nstages y 2\nvector y 4\n");
    EXPECT_THAT(text, HasSubstr("<<<dim3(ceil(N / 64), ceil(M / 64)), 64>>>(x, w, b, y)"));
    EXPECT_THAT(text, HasSubstr("float left[2][BK][BM + 4]"));
    EXPECT_THAT(text, HasSubstr("erff("));
    EXPECT_THAT(text, HasSubstr("put4<N % 4 == 0>"));
}

TEST(DevicePrint, ProductsOfShortFactorsAreForTensorCores) {
    const std::string wide = printed(task_named("matmul_tf32"),
                                     "tile c 128 128 16\nmma c 64 32\nstages c 2\nvector c 4\n");
    EXPECT_THAT(wide, HasSubstr("<<<dim3(ceil(N / 128), ceil(M / 128)), 256>>>(a, b, c)"));
    EXPECT_THAT(wide, HasSubstr("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32"));
    EXPECT_THAT(wide, HasSubstr("cvt.rna.tf32.f32"));
    EXPECT_THAT(wide, HasSubstr("fetch16<K % 4 == 0>"));
    EXPECT_THAT(wide, HasSubstr("put2<N % 2 == 0>"));
    const std::string halves = printed(task_named("matmul_f16"),
                                       "tile c 128 128 32\nmma c 64 32\nstages c 2\nvector c 8\n");
    EXPECT_THAT(halves, HasSubstr("#include <cuda_fp16.h>"));
    EXPECT_THAT(halves, HasSubstr("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"));
    EXPECT_THAT(halves, HasSubstr("__half left[STAGES][BM][BK + 8]"));
    // b lies across k: its matrices are turned around on the way to the registers.
    EXPECT_THAT(halves, HasSubstr("load_matrices<true>(of_right"));
    EXPECT_THAT(halves, HasSubstr("load_matrices<false>(of_left"));
    const std::string brains = printed(task_named("linear_bf16"), "tile y 64 64 32\nmma y 32 32\n");
    EXPECT_THAT(brains, HasSubstr("__nv_bfloat16* y"));
    EXPECT_THAT(brains,
                Not(HasSubstr("cp.async")));  // one element at a time, as nothing else was asked
    EXPECT_THAT(brains, HasSubstr("load_matrices<false>(of_right"));
}

TEST(DevicePrint, CandidatesAreForTensorCoresWhereThesePromiseEnough) {
    const auto with = [](const std::string& name) {
        const auto all = candidates(task_named(name)).value();
        return std::ranges::count_if(all, [](const schedule::Trace& trace) {
            return std::ranges::find(trace, "mma", &schedule::Action::verb) != trace.end();
        });
    };
    for (const char* name : {"matmul_tf32", "matmul_f16", "linear_bf16"})
        EXPECT_GE(with(name), 3) << name;
    for (const char* name : {"matmul", "softmax", "softmax_bf16", "attention"})
        EXPECT_EQ(with(name), 0) << name;
}

TEST(DevicePrint, ShortNumbersAreFloatsWhereverTheyAreComputedWith) {
    const std::string text = printed(task_named("softmax_bf16"), "row y block\nvector y 4\n");
    EXPECT_THAT(text, HasSubstr("const __nv_bfloat16* x, float* y"));
    EXPECT_THAT(text, HasSubstr("take4_short<N % 4 == 0>"));
    EXPECT_THAT(text, HasSubstr("put4<N % 4 == 0>"));
    const task::Task padded =
        task_of("task p(x: f16[N]) -> y: f16[N] where N = 64\n  y[i] = x[i - 1 | 0] + x[i]\n");
    EXPECT_THAT(print_naive(padded).value(), HasSubstr("? float(x["));
}

TEST(DevicePrint, IntermediatesAreComputedWhereTheyAreReadOrKeptOrHandedOn) {
    const task::Task attention = task_named("attention");
    // Within one launch a row of scores lives in shared memory.
    EXPECT_THAT(printed(attention, "row o block\n"), HasSubstr("extern __shared__ float"));
    // Cut, the launches hand them on.
    const std::string cut = printed(attention, "cut o_sum\n");
    EXPECT_THAT(cut, HasSubstr("#pragma cupel scratch float all_p[B * S * S]"));
    EXPECT_THAT(printed(task_named("softmax"), "row y block\n"), Not(HasSubstr("scratch")));
}

struct Refusal {
    const char* task;
    const char* trace;
    const char* why;
};

TEST(DevicePlan, VerbsSayWhyTheyRefuse) {
    const Refusal refusals[] = {
        {"softmax", "spin y 3", "no such verb"},
        {"softmax", "row z block", "no launch fills that last"},
        {"softmax", "row y wrap", "expected thread, warp or block"},
        {"softmax", "row y thread", "its stages fill rows"},
        {"softmax", "block y 100", "whole warps"},
        {"softmax", "block y 2048", "whole warps"},
        {"softmax", "block y 96", "meet in pairs"},
        {"softmax", "block y many", "no positive whole number"},
        {"softmax", "vector y 3", "expected 1 or 4"},
        {"softmax", "tile y 64 64 16", "the first stage is not a sum"},
        {"softmax", "cut q", "there is no such stage"},
        {"softmax", "online e", "no maximum of a row"},
        {"max_rows", "online y", "no maximum of a row"},
        {"matmul", "thread c 8 8", "it is not tiled"},
        {"matmul", "tile c 64 64", "expected 3 numbers"},
        {"matmul", "tile c 60 64 16\nthread c 8 8", "no whole threads"},
        {"matmul", "tile c 64 64 16\nthread c 6 8", "4, 8, 12 or 16"},
        {"matmul", "tile c 16 16 16\nthread c 8 8", "no whole warps"},
        {"matmul", "tile c 64 64 10", "a multiple of 4"},
        {"matmul", "tile c 256 256 32\nthread c 16 16\nstages c 2", "bytes of shared memory"},
        {"matmul", "tile c 64 64 16\nstages c 3", "expected 1 or 2"},
        {"matmul", "tile c 64 64 16\nblock c 64", "its threads follow from its tile"},
        {"matmul", "row c thread\nvector c 4", "a thread reduces"},
        {"matmul", "mma c 32 32", "it is not tiled"},
        {"matmul", "tile c 64 64 16\nmma c 32 32",
         "fp32 is promised, and tensor cores round the factors to tf32"},
        {"matmul_tf32", "tile c 64 64 16\nmma c 32", "expected 2 numbers"},
        {"matmul_tf32", "tile c 64 64 16\nmma c 24 32", "whole sixteens"},
        {"matmul_tf32", "tile c 256 256 16\nmma c 128 64", "64 x 64 at most"},
        {"matmul_tf32", "tile c 64 64 16\nmma c 48 32", "no whole warps"},
        {"matmul_tf32", "tile c 64 64 20\nmma c 32 32", "a multiple of 8"},
        {"matmul_f16", "tile c 64 64 24\nmma c 32 32", "a multiple of 16"},
        {"matmul_tf32", "tile c 128 128 32\nmma c 64 32\nstages c 2", "bytes of shared memory"},
        {"matmul_tf32", "tile c 64 64 16\nmma c 32 32\nstages c 5", "expected 1 to 4"},
        {"matmul_tf32", "tile c 64 64 16\nmma c 32 32\nthread c 4 4", "on tensor cores"},
        {"matmul_tf32", "tile c 64 64 16\nmma c 32 32\nvector c 8", "eight at a time"},
    };
    for (const Refusal& one : refusals) {
        const std::string said = printed(task_named(one.task), one.trace);
        EXPECT_THAT(said, testing::StartsWith("refused: `")) << one.trace;
        EXPECT_THAT(said, HasSubstr(one.why)) << one.trace;
    }
}

TEST(DevicePlan, TensorCoresTakeFactorsAsTheyAreStored) {
    const auto refused = [](const std::string& head, const std::string& product) {
        return printed(
            task_of(head + " -> y: f32[M,N] where M = 64, N = 64, K = 64\n  y[i,j] = sum[k](" +
                    product + ")\nprecision fp16\n"),
            "tile y 64 64 16\nmma y 32 32\n");
    };
    EXPECT_THAT(refused("task t(a: f16[M,K], b: f32[K,N])", "a[i,k] * b[k,j]"),
                HasSubstr("b is f32, and would be rounded to f16"));
    EXPECT_THAT(refused("task t(a: f16[M,K], b: f16[K,N])", "exp(a[i,k]) * b[k,j]"),
                HasSubstr("a factor is computed, and would be rounded once more"));
}

TEST(DevicePlan, RowsThatABlockCannotKeepAreRefusedAtTheTasksOwnSizes) {
    EXPECT_THAT(printed(task_named("attention"), "row o warp\nblock o 1024"),
                HasSubstr("<<<ceil((B * S) / 32), 1024, 128 * (S + S + D)>>>"));
    const std::vector<task::Override> longer = {{"S", 4096}};
    const auto large = task::load("attention", kTaskFolders, longer);
    ASSERT_TRUE(large.has_value());
    EXPECT_THAT(printed(*large, "row o warp\nblock o 1024"), HasSubstr("bytes of shared memory"));
    EXPECT_THAT(printed(*large, "row o block"), HasSubstr("4 * (S + S + D)"));
}

TEST(DevicePlan, ProductsWithinATaskBeginLaunches) {
    const task::Task attention = task_named("attention");
    std::vector<std::string> begins;
    for (const std::size_t cut : product_cuts(attention))
        begins.push_back(attention.tensor(attention.stages[cut].out).name);
    EXPECT_THAT(begins, testing::ElementsAre("s_sum", "m", "o_sum"));
    EXPECT_TRUE(product_cuts(task_named("softmax")).empty());
}

TEST(DevicePlan, TasksInDoublesHaveSchedulesWithoutFours) {
    const task::Task wide = task_of(
        "task w(x: f64[B,N]) -> y: f64[B] where B = 8, N = 64\n"
        "  y[b] = sum[n](x[b,n] * x[b,n])\nprecision fp64\n");
    const std::vector<schedule::Trace> traces = candidates(wide).value();
    EXPECT_GT(traces.size(), 3U);
    for (const schedule::Trace& trace : traces)
        EXPECT_THAT(print_kernel(wide, trace).value(), Not(HasSubstr("float4")));
    EXPECT_THAT(printed(wide, "vector y 4"), HasSubstr("kept in doubles"));
}

TEST(DevicePlan, AnOnlinePassNeedsTheSumOfThoseExponentials) {
    const char* const kHead =
        "task s(x: f32[B,N], t: f32[B,N]) -> y: f32[B] where B = 8, N = 64\n"
        "  m[b] = max[n](x[b,n])\n";
    const auto online = [&](const std::string& sum) {
        return printed(task_of(kHead + ("  z[b] = " + sum) +
                               "  y[b] = z[b] + sum[n](t[b,n]) + sum[n](x[b,n])\n"),
                       "row y block\nonline m\n");
    };
    EXPECT_THAT(online("sum[n](exp(x[b,n] - m[b]))\n"), HasSubstr("larger"));
    EXPECT_THAT(online("sum[n](exp(t[b,n] - m[b]))\n"), HasSubstr("refused"));
    EXPECT_THAT(online("sum[n](exp(m[b] - x[b,n]))\n"), HasSubstr("refused"));
    EXPECT_THAT(online("sum[n](x[b,n] - m[b])\n"), HasSubstr("refused"));
    EXPECT_THAT(online("sum[n](exp(x[b,n] - m[b]) * t[b,n])\n"), HasSubstr("refused"));
}

}  // namespace
}  // namespace cupel::device

// SPDX-License-Identifier: Apache-2.0
// Kernels are printed, compiled by g++ and run; several share a translation unit, since a compiler
// takes longer than everything else here.
#include "schedule/tile.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <tuple>

#include "schedule/testing.hpp"

namespace cupel::schedule {
namespace {

using ::testing::HasSubstr;

task::Task parse(const std::string& text) {
    auto task = task::parse(text, "test.task");
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? std::move(*task) : task::Task{};
}

struct Case {
    task::Task task;
    std::string text;
};

void call(void* kernel, const std::vector<std::vector<float>>& in, float* y) {
    using In = const float*;
    if (in.size() == 2)
        return reinterpret_cast<void (*)(In, In, float*)>(kernel)(in[0].data(), in[1].data(), y);
    reinterpret_cast<void (*)(In, In, In, float*)>(kernel)(in[0].data(), in[1].data(), in[2].data(),
                                                           y);
}

void expect_right(const Case& one, void* kernel) {
    ASSERT_NE(kernel, nullptr);
    std::mt19937 random(7);
    std::uniform_real_distribution<float> values(-1, 1);
    std::vector<std::vector<float>> inputs;
    for (const task::TensorId id : one.task.inputs) {
        inputs.emplace_back(static_cast<std::size_t>(one.task.tensor(id).elements()));
        for (float& value : inputs.back())
            value = values(random);
    }
    const task::TensorId out = one.task.outputs[0];
    const auto elements = static_cast<std::size_t>(one.task.tensor(out).elements());
    constexpr float kGuard = 12345;
    std::vector<float> y(elements + 64, NAN);
    std::fill(y.begin() + static_cast<std::ptrdiff_t>(elements), y.end(), kGuard);
    std::vector<std::vector<double>> reals;
    for (const std::vector<float>& input : inputs)
        reals.emplace_back(input.begin(), input.end());
    const testing::Truth truth(one.task, reals);
    for (int repeat = 0; repeat < 2; repeat++)
        call(kernel, inputs, y.data());
    for (std::size_t i = 0; i < elements; i++) {
        ASSERT_NEAR(y[i], truth.of(out)[i], 2e-5) << "element " << i << " of\n" << one.text;
    }
    for (std::size_t i = elements; i < y.size(); i++)
        ASSERT_EQ(y[i], kGuard) << one.text;
}

void expect_all_right(const std::vector<Case>& cases) {
    testing::Unit unit;
    for (const Case& one : cases)
        unit.add(one.task, one.text);
    testing::Library library(unit.text(), "-O1 -march=native");
    for (std::size_t i = 0; i < cases.size(); i++)
        expect_right(cases[i], library.find(fmt::format("kernel{}", i)));
}

void add(std::vector<Case>& cases, const task::Task& task, const Width& width, const Trace& trace) {
    auto text = tile::print(task, width, trace);
    ASSERT_TRUE(text) << text.error().text << "\n" << task.text;
    cases.push_back({task, *text});
}

Width narrow() {
    return Width{.vector_bytes = 16, .registers = 16, .threads = 2};
}

task::Task matmul(int m, int n, int k) {
    return parse(
        fmt::format("# Product\ntask matmul(a: f32[M,K], b: f32[K,N]) -> y: f32[M,N] where M = {}, "
                    "N = {}, K = {}\n"
                    "  y[m,n] = sum[k](a[m,k] * b[k,n])\n",
                    m, n, k));
}

TEST(Tile, OddSizesAreRightAtEveryEdge) {
    std::vector<Case> cases;
    for (const auto& [m, n, k] : {std::tuple{1, 1, 1},
                                  {5, 17, 63},
                                  {17, 5, 1},
                                  {63, 65, 5},
                                  {65, 257, 17},
                                  {257, 63, 65}}) {
        const task::Task task = matmul(m, n, k);
        add(cases, task, Width{}, tile::default_trace(task, Width{}));
        add(cases, task, narrow(), tile::default_trace(task, narrow()));
    }
    expect_all_right(cases);
}

constexpr const char* kOthers[] = {
    "task both(a: f32[K,M], b: f32[N,K]) -> y: f32[M,N] where M = 37, N = 29, K = 33\n  y[m,n] = "
    "sum[k](a[k,m] * b[n,k])\n",
    "task batched(a: f32[B,M,K], b: f32[B,K,N]) -> y: f32[B,M,N] where B = 3, M = 19, N = 21, K = "
    "23\n"
    "  y[b,m,n] = sum[k](a[b,m,k] * b[b,k,n])\n",
    "task lower(a: f32[N,N], b: f32[N,N]) -> y: f32[N,N] where N = 35\n  y[i,j] = sum[k <= "
    "i](a[i,k] * b[k,j])\n",
    "task upper(a: f32[N,N], b: f32[N,N], c: f32[N]) -> y: f32[N,N] where N = 131\n"
    "  y[i,j] = sum[k >= i](a[i,k] * b[k,j]) * c[j]\n",
    "task columns(a: f32[N,N], b: f32[N,N]) -> y: f32[N,N] where N = 67\n"
    "  y[i,j] = sum[k < j + 3](a[i,k] * b[k,j])\n",
    "task backwards(a: f32[N,N], b: f32[N,N]) -> y: f32[N,N] where N = 53\n"
    "  y[i,j] = sum[k <= 52 - i](a[i,k] * b[k,j])\n",
    "task band(t: f32[B,N,N], b: f32[B,N,N]) -> y: f32[B,N,N] where B = 5, N = 41\n"
    "  y[t_,i,j] = sum[k <= i](t[t_,i,k] * b[t_,k,j])\n",
    "task masked(a: f32[N,N], b: f32[N,N]) -> y: f32[N,N] where N = 35\n"
    "  y[i,j] = sum[k]((k <= i ? a[i,k] : 0) * (j <= k ? b[k,j] : 0))\n",
    "task linear(x: f32[B,S,K], w: f32[N,K], c: f32[N]) -> y: f32[B,S,N] where B = 2, S = 13, N = "
    "27, K = 31\n"
    "  y[b,s,n] = gelu(sum[k](x[b,s,k] * w[n,k]) + c[n])\n",
    "task conv(x: f32[N,C,H,W], w: f32[K,C,R,S], c: f32[K]) -> y: f32[N,K,P,Q] where N = 2, C = 3, "
    "H = 11, W = 13, K = 7,"
    " R = 3, S = 3, P = 11, Q = 13\n"
    "  y[n,k,p,q] = max(sum[c,r,s](x[n, c, p+r-1, q+s-1 | 0] * w[k,c,r,s]) + c[k], 0)\n",
    "task strided(x: f32[N,C,H,W], w: f32[K,C,R,S]) -> y: f32[N,K,P,Q] where N = 2, C = 3, H = 11, "
    "W = 14, K = 7,"
    " R = 3, S = 3, P = 6, Q = 7\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, 2*p+r-1, 2*q+s-1 | 0] * w[k,c,r,s])\n",
    "task transposed(x: f32[N,C,H,W], w: f32[C,K,R,S]) -> y: f32[N,K,P,Q] where N = 1, C = 3, H = "
    "5, W = 6, K = 4,"
    " R = 3, S = 3, P = 9, Q = 11\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, (p+1-r)/2, (q+1-s)/2 | 0] * w[c,k,r,s])\n",
    "task clash(tile: f32[M,K], depth: f32[K,N]) -> rows: f32[M,N] where M = 9, N = 10, K = 11\n"
    "  rows[cols,wide] = sum[thread](tile[cols,thread] * depth[thread,wide])\n",
    "task beyond(x: f32[L,K], w: f32[K,N]) -> y: f32[M,N] where L = 6, M = 9, N = 10, K = 11\n"
    "  y[m,n] = sum[k](x[m,k | 0] * w[k,n])\n",
    "task conv1d(x: f32[N,C,L], w: f32[K,C,R]) -> y: f32[N,K,P] where N = 2, C = 4, L = 40, K = 6, "
    "R = 5, P = 36\n"
    "  y[n,k,p] = sum[c,r](x[n, c, p+r] * w[k,c,r])\n",
};

TEST(Tile, EveryKindOfContractionIsRight) {
    std::vector<Case> cases;
    for (const char* text : kOthers) {
        const task::Task task = parse(std::string("# Test\n") + text);
        ASSERT_TRUE(tile::applies(task)) << text;
        Width threads;
        threads.threads = 2;
        add(cases, task, threads, tile::default_trace(task, threads));
        add(cases, task, narrow(), tile::seeds(task, narrow()).back());
    }
    expect_all_right(cases);
}

TEST(Tile, StepsThatABoundLeavesAtZeroAreNotMade) {
    const auto text = [](std::string_view bound) {
        const task::Task task = parse(
            fmt::format("# Test\ntask t(a: f32[N,N], b: f32[N,N]) -> y: f32[N,N] where N = 64\n"
                        "  y[i,j] = sum[k {}](a[i,k] * b[k,j])\n",
                        bound));
        return tile::print(task, Width{}, tile::default_trace(task, Width{})).value();
    };
    EXPECT_THAT(text("<= i"),
                HasSubstr("until = std::clamp<long>((i0 + i + tall - 1) + 1 - k0, 0, depth)"));
    EXPECT_THAT(text(">= i"),
                HasSubstr("from = std::min(until, std::clamp<long>((i0 + i) - k0, 0, depth))"));
    EXPECT_THAT(text("< 64"), Not(HasSubstr("until")));
}

TEST(Tile, EveryNeighbourOfTheDefaultIsRight) {
    const task::Task task = matmul(48, 96, 40);
    Width width;
    width.threads = 2;
    const Trace trace = tile::default_trace(task, width);
    const auto near = tile::neighbours(task, width, trace);
    EXPECT_GE(near.size(), 8U);
    std::vector<Case> cases;
    for (const Trace& other : near) {
        EXPECT_NE(other, trace);
        add(cases, task, width, other);
    }
    expect_all_right(cases);
}

// Rows longer than a vector, of one stride and of two, what lies outside of another value than
// zero, and the image on the side of a.
constexpr const char* kImages[] = {
    "task wide(x: f32[N,C,H,W], w: f32[K,C,R,S]) -> y: f32[N,K,P,Q] where N = 3, C = 4, H = 5, W = "
    "37, K = 6, R = 3, S = 3, P = 5, Q = 37\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, p+r-1, q+s-1 | 0.5] * w[k,c,r,s])\n",
    "task half(x: f32[N,C,H,W], w: f32[K,C,R,S]) -> y: f32[N,K,P,Q] where N = 3, C = 4, H = 9, W = "
    "61, K = 6, R = 3, S = 3, P = 5, Q = 31\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, 2*p+r-1, 2*q+s-1 | 0] * w[k,c,r,s])\n",
    "task last(x: f32[N,C,L], w: f32[K,C,R]) -> y: f32[N,P,K] where N = 3, C = 4, L = 40, K = 18, "
    "R = 3, P = 40\n"
    "  y[n,p,k] = sum[c,r](x[n, c, p+r-1 | 0] * w[k,c,r])\n",
};

// Many runs in a vector, borders wider than a run, a stride that no load has, runs of three axes.
constexpr const char* kShortRuns[] = {
    "task short(x: f32[N,C,H,W], w: f32[K,C,R,S]) -> y: f32[N,K,P,Q] where N = 2, C = 5, H = 9, W "
    "= "
    "5, K = 6, R = 3, S = 3, P = 5, Q = 3\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, 2*p+r-1, 2*q+s-1 | 0.25] * w[k,c,r,s])\n",
    "task border(x: f32[N,C,H,W], w: f32[K,C,R,S]) -> y: f32[N,K,P,Q] where N = 2, C = 3, H = 7, W "
    "= 5, K = 6, R = 3, S = 3, P = 21, Q = 19\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, p+r-8, q+s-8 | 0] * w[k,c,r,s])\n",
    "task third(x: f32[N,C,H,W], w: f32[K,C,R,S]) -> y: f32[N,K,P,Q] where N = 2, C = 3, H = 20, W "
    "= 61, K = 6, R = 3, S = 3, P = 7, Q = 20\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, 3*p+r-1, 3*q+s-1 | 0] * w[k,c,r,s])\n",
    "task gradient(g: f32[N,K,P,Q], x: f32[N,C,H,W]) -> y: f32[K,C,R,S] where N = 2, C = 5, H = "
    "11, "
    "W = 13, K = 6, R = 3, S = 3, P = 11, Q = 13\n"
    "  y[k,c,r,s] = sum[n,p,q](g[n,k,p,q] * x[n, c, p+r-1, q+s-1 | 0])\n",
};

TEST(Tile, ShortRunsArePackedRight) {
    std::vector<Case> cases;
    Width wide{.vector_bytes = 64, .registers = 32, .threads = 2};
    for (const char* text : kShortRuns) {
        const task::Task task = parse(std::string("# Test\n") + text);
        for (const Width& width : {narrow(), wide}) {
            add(cases, task, width, tile::default_trace(task, width));
            const std::vector<Trace> seeds = tile::seeds(task, width);
            for (const Trace& seed : seeds)
                add(cases, task, width, seed);
        }
    }
    expect_all_right(cases);
}

TEST(Tile, WhatIsTheSameForAllIsPackedOnce) {
    std::vector<Case> cases;
    Width width;
    width.threads = 2;
    const auto add_one = [&](const char* text, const char* loop, const Action& order) {
        const task::Task task = parse(std::string("# Test\n") + text);
        add(cases, task, width,
            {{"tile", "y", {"4", "2", "7", "4", "16"}},
             {"pack", "y", {"a"}},
             {"pack", "y", {"b"}},
             {"once", "y", {"a"}},
             order,
             {"bind", "y", {loop, "par"}}});
    };
    const Action n_outside{"order", "y", {"n", "k", "m"}};
    const Action m_outside{"order", "y", {"m", "k", "n"}};
    for (const char* text : kImages) {
        add_one(text, "n", n_outside);
        add_one(text, "n", m_outside);
    }
    add_one(kImages[0], "m", n_outside);
    add_one(kImages[0], "m", m_outside);
    add_one(kImages[0], "batch", n_outside);
    expect_all_right(cases);
}

// Inputs by rows, by columns and by elements, after sums that end early, of fused axes, and called
// like what the kernel calls its own.
constexpr const char* kFinished[] = {
    "task rows(a: f32[B,M,K], b: f32[B,K,N], c: f32[B,M]) -> y: f32[B,M,N] where B = 2, M = 21, N "
    "= 70, K = 31\n"
    "  y[b,m,n] = max(sum[k](a[b,m,k] * b[b,k,n]) - c[b,m], 0) / 3\n",
    "task elements(a: f32[M,K], b: f32[K,N], c: f32[M,N]) -> y: f32[M,N] where M = 17, N = 70, K = "
    "29\n"
    "  y[m,n] = sum[k](a[m,k] * b[k,n]) * 0.5 + c[m,n]\n",
    "task lower(a: f32[N,N], b: f32[N,N], c: f32[N]) -> y: f32[N,N] where N = 67\n"
    "  y[i,j] = sum[k <= i](a[i,k] * b[k,j]) * c[i]\n",
    "task upper(a: f32[N,N], b: f32[N,N], c: f32[N]) -> y: f32[N,N] where N = 67\n"
    "  y[i,j] = sum[k >= i](a[i,k] * b[k,j]) + c[j]\n",
    "task fused(x: f32[B,S,K], w: f32[K,N], c: f32[S]) -> y: f32[B,S,N] where B = 3, S = 7, N = "
    "38, K = 15\n"
    "  y[b,s,n] = sum[k](x[b,s,k] * w[k,n]) + c[s] * c[s] + s\n",
    "task named(finished: f32[K,M], last: f32[K,N], wide: f32[N]) -> then: f32[M,N] where M = 9, N "
    "= 38, K = 15\n"
    "  then[row,col] = sum[k](finished[k,row] * last[k,col]) + wide[col] * row\n",
};

TEST(Tile, WhatFollowsTheSumIsDoneInRegisters) {
    std::vector<Case> cases;
    for (const char* text : kFinished) {
        const task::Task task = parse(std::string("# Test\n") + text);
        for (const Width& width : {narrow(), Width{}}) {
            add(cases, task, width, tile::default_trace(task, width));
            const std::string y = task.tensor(task.outputs[0]).name;
            add(cases, task, width,
                {{"tile", y, {"4", "2", "7", "8", "32"}},
                 {"pack", y, {"a"}},
                 {"pack", y, {"b"}},
                 {"order", y, {"n", "k", "m"}}});
        }
        EXPECT_THAT(cases.back().text, HasSubstr("last ? then(sum, i, j * W) : sum"));
    }
    expect_all_right(cases);
    const task::Task gelu = parse(kOthers[8] + std::string());
    EXPECT_THAT(tile::print(gelu, Width{}, tile::default_trace(gelu, Width{})).value(),
                Not(HasSubstr("then(")));
}

TEST(Tile, OtherTasksAreLeftToOthers) {
    for (const char* text :
         {"task softmax(x: f32[B,N]) -> y: f32[B,N] where B = 4, N = 8\n  m[b] = max[n](x[b,n])\n  "
          "y[b,n] = exp(x[b,n] - m[b])\n",
          "task rows(x: f32[B,N]) -> y: f32[B] where B = 4, N = 8\n  y[b] = sum[n](x[b,n])\n",
          "task vector(a: f32[B,N], x: f32[N]) -> y: f32[B] where B = 4, N = 8\n  y[b] = "
          "sum[n](a[b,n] * x[n])\n"}) {
        EXPECT_FALSE(tile::applies(parse(std::string("# Test\n") + text))) << text;
    }
}

TEST(Tile, SeedsAreDifferentAndBeginWithTheDefault) {
    const task::Task task = matmul(512, 512, 512);
    const auto seeds = tile::seeds(task, Width{});
    EXPECT_GE(seeds.size(), 8U);
    EXPECT_EQ(seeds.front(), tile::default_trace(task, Width{}));
    for (std::size_t i = 1; i < seeds.size(); i++)
        EXPECT_NE(seeds[i].front(), seeds[i - 1].front());
}

// The model does not rank them so high by itself; on two machines they were the quickest.
TEST(Tile, OneOfTheFirstEightSeedsTakesAllOfKAtOnce) {
    for (const int threads : {1, 2}) {
        const Width width{
            .vector_bytes = 64, .registers = 32, .threads = threads, .l2_bytes = 1 << 20};
        const auto seeds = tile::seeds(matmul(1024, 1024, 1024), width);
        ASSERT_GE(seeds.size(), 8U);
        const auto deep = std::find_if(seeds.begin(), seeds.begin() + 8, [](const Trace& trace) {
            return trace.front().arguments.at(2) == "1024";
        });
        EXPECT_NE(deep, seeds.begin() + 8);
    }
}

std::string refusal(const Trace& trace) {
    const auto text = tile::print(matmul(64, 64, 64), Width{}, trace);
    return text ? "" : text.error().text;
}

TEST(Tile, RefusedVerbsSayWhy) {
    const Action fine{"tile", "y", {"4", "2", "64", "64", "64"}};
    const Action pack{"pack", "y", {"b"}};
    EXPECT_EQ(refusal({fine, pack}), "");
    EXPECT_THAT(refusal({}), HasSubstr("tile: missing"));
    EXPECT_THAT(refusal({fine, fine}), HasSubstr("said twice"));
    EXPECT_THAT(refusal({fine, {"sweep", "y", {"8"}}}), HasSubstr("the verbs of a tile are"));
    EXPECT_THAT(refusal({{"tile", "z", {}}}), HasSubstr("'y'"));
    EXPECT_THAT(refusal({{"tile", "y", {"4"}}}), HasSubstr("expected 'tile y MR NV KC MC NC'"));
    EXPECT_THAT(refusal({{"tile", "y", {"4", "2", "x", "64", "64"}}}),
                HasSubstr("'x' is not a whole number"));
    EXPECT_THAT(refusal({{"tile", "y", {"8", "2", "64", "64", "64"}}}), HasSubstr("registers"));
    EXPECT_THAT(refusal({{"tile", "y", {"4", "2", "64", "62", "64"}}}), HasSubstr("MC = 62"));
    EXPECT_THAT(refusal({{"tile", "y", {"4", "2", "64", "64", "8"}}}), HasSubstr("NC = 8"));
    EXPECT_THAT(refusal({{"tile", "y", {"4", "2", "128", "64", "64"}}}), HasSubstr("larger than"));
    EXPECT_THAT(refusal({{"tile", "y", {"3", "2", "64", "63", "64"}}, pack}),
                HasSubstr("pack a: needed"));
    EXPECT_THAT(refusal({fine, pack, {"order", "y", {"k", "m", "n"}}}),
                HasSubstr("the orders are"));
    EXPECT_THAT(refusal({fine, pack, {"bind", "y", {"batch", "par"}}}), HasSubstr("no batch axis"));
    EXPECT_THAT(refusal({fine, pack, {"once", "y", {"a"}}}), HasSubstr("a is not packed"));
    EXPECT_THAT(refusal({fine, pack, {"once", "y", {"b"}}}), HasSubstr("packed once is a"));
    const task::Task batched = parse(std::string("# Test\n") + kOthers[1]);
    const auto once = tile::print(batched, Width{},
                                  {{"tile", "y", {"4", "2", "8", "8", "16"}},
                                   {"pack", "y", {"a"}},
                                   {"pack", "y", {"b"}},
                                   {"once", "y", {"a"}}});
    EXPECT_THAT(once.error().text, HasSubstr("a batch axis changes it"));
    EXPECT_THAT(refusal({fine, pack, {"hint", "y", {"stream"}}}), HasSubstr("prefetch"));
}

}  // namespace
}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
// Tasks that are cut into parts: where, what the verbs refuse, and that every way is right.
#include "schedule/cut.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedule/cut_plan.hpp"
#include "schedule/schedule.hpp"
#include "schedule/testing.hpp"
#include "schedule/trials.hpp"
#include "task/task.hpp"

namespace cupel::schedule {
namespace {

using ::testing::HasSubstr;
using testing::Library;
using ::testing::Not;
using testing::Trial;
using testing::Unit;
using Sizes = std::vector<task::Override>;

constexpr const char* kGated =
    "task gated(x: f32[M,K], u: f32[K,N], g: f32[N,K], a: f32[N]) -> y: f32[M,N]\n"
    "  where M = 21, K = 13, N = 35\n"
    "  h[m,n] = sum[k](x[m,k] * u[k,n])\n"
    "  t[m,n] = tanh(sum[k](x[m,k] * g[n,k]) + a[n])\n"
    "  y[m,n] = h[m,n] * t[m,n] - mean[j](h[m,j])\n";
constexpr const char* kConvolved =
    "task convolved(x: f32[B,C,H,W], w: f32[K,C,R,S]) -> y: f32[B,K]\n"
    "  where B = 3, C = 5, H = 9, W = 11, K = 6, R = 3, S = 3\n"
    "  c[b,k,p,q] = relu(sum[i,r,s](x[b,i,p+r,q+s] * w[k,i,r,s]))\n"
    "  y[b,k] = max[p,q](c[b,k,p,q])\n";
constexpr const char* kChain =
    "task chain(a: f32[B,M,K], b: f32[B,K,N], c: f32[N,L]) -> y: f32[B,M,L]\n"
    "  where B = 4, M = 12, K = 9, N = 17, L = 19\n"
    "  t[b,m,n] = sum[k](a[b,m,k] * b[b,k,n])\n"
    "  y[b,m,l] = sum[n](t[b,m,n] * c[n,l])\n";

task::Task named(const char* name, const Sizes& sizes) {
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    auto task = task::load(name, folders, sizes);
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? std::move(*task) : task::Task{};
}
task::Task written(const char* text) {
    auto task = task::parse(text, "here");
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? std::move(*task) : task::Task{};
}
task::Task attention(std::int64_t steps) {
    return written(fmt::format("task attention(q: f32[B,S,D], k: f32[B,S,D], v: f32[B,S,D]) -> "
                               "o: f32[B,S,D]\n"
                               "  where B = 3, S = {}, D = 20\n"
                               "  s[b,i,j] = sum[d](q[b,i,d] * k[b,j,d]) / sqrt(D)\n"
                               "  m[b,i] = max[j](s[b,i,j])\n"
                               "  p[b,i,j] = exp(s[b,i,j] - m[b,i])\n"
                               "  z[b,i] = sum[j](p[b,i,j])\n"
                               "  o[b,i,d] = sum[j](p[b,i,j] * v[b,j,d]) / z[b,i]\n",
                               steps)
                       .c_str());
}

std::string refusal(const task::Task& task, const std::string& text) {
    const auto trace = parse_trace(text);
    if (!trace) return trace.error().text;
    const auto kernel = print_kernel(task, Width{}, *trace);
    return kernel ? "" : kernel.error().text;
}

void add(std::vector<Trial>& trials, Unit& unit, task::Task task, const Width& width) {
    Trial trial{
        fmt::format("{} on {} threads", task.name, width.threads), std::move(task), 64, {}, 0};
    const std::vector<Trace> all = candidates(trial.task, width);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.front(), default_trace(trial.task, width));
    // The ways to share come first; then one of each part's schedules.
    for (std::size_t k = 0; k < all.size(); k += k < 4 ? 1 : 5) {
        const auto again = parse_trace(print_trace(all[k]));
        ASSERT_TRUE(again) << again.error().text;
        const auto kernel = print_kernel(trial.task, width, *again);
        ASSERT_TRUE(kernel) << trial.what << "\n" << print_trace(all[k]) << kernel.error().text;
        trial.kernels.push_back(*kernel);
    }
    trial.first = unit.count();
    for (const std::string& kernel : trial.kernels)
        unit.add(trial.task, kernel);
    trials.push_back(std::move(trial));
}

TEST(Cut, AttentionIsTwoProductsAndTheRowsBetweenThem) {
    const task::Task task = named("attention", {});
    ASSERT_TRUE(cut::applies(task));
    const auto plan = cut::plan_of(task, default_trace(task, Width{}));
    ASSERT_TRUE(plan) << plan.error().text;
    ASSERT_EQ(plan->parts.size(), 3U);
    EXPECT_TRUE(plan->parts[0].tiled);
    EXPECT_FALSE(plan->parts[1].tiled);
    EXPECT_TRUE(plan->parts[2].tiled);
    EXPECT_EQ(plan->sharing.whole, 1U);
    EXPECT_GT(plan->sharing.block, 0);
}

// s and p of 512 rows and as many keys are 1 MiB each.
TEST(Cut, RowsAreSharedInBlocksWhereAllAreTooManyOrSomeEndEarly) {
    const auto block = [](const char* name, std::int64_t l2_bytes) {
        const task::Task task = named(name, {{"B", 4}, {"S", 512}, {"D", 64}});
        Width width;
        width.l2_bytes = l2_bytes;
        const auto plan = cut::plan_of(task, default_trace(task, width));
        return plan ? plan->sharing : cut::Sharing{};
    };
    EXPECT_EQ(block("attention", 1 << 20), (cut::Sharing{.whole = 1}));
    EXPECT_EQ(block("attention", 1 << 19), (cut::Sharing{.whole = 1, .block = 128}));
    EXPECT_EQ(block("attention_causal", 1 << 20), (cut::Sharing{.whole = 1, .block = 128}));
}

TEST(Cut, WhatIsOneProductOrNoneIsNotCut) {
    for (const char* name : {"softmax", "layernorm", "matvec", "max_pool2d", "depthwise_conv2d"})
        EXPECT_FALSE(cut::applies(named(name, {}))) << name;
    EXPECT_EQ(family(named("matmul", {})), Family::Tile);
    EXPECT_EQ(family(named("attention", {})), Family::Generic);
}

TEST(Cut, RefusedVerbsSayWhy) {
    const task::Task task = attention(48);
    EXPECT_EQ(refusal(task,
                      "share o b\ncut m\ncut o_sum\nsweep m 2\ntile s 4 1 8 8 8\n"
                      "pack s b\ntile o 4 1 8 8 8\npack o b\n"),
              "");
    EXPECT_THAT(refusal(task, "share s b\n"), HasSubstr("expected `share o axis`"));
    EXPECT_THAT(refusal(task, "share o i\n"), HasSubstr("i is not the next leading axis of o"));
    EXPECT_THAT(refusal(task, "share o b\nshare o i 7\n"), HasSubstr("7 does not divide the 48"));
    EXPECT_THAT(refusal(task, "share o b\nshare o i 0\n"), HasSubstr("0 is no number of steps"));
    EXPECT_THAT(refusal(task, "share o b\nshare o i\nshare o d\n"),
                HasSubstr("has not all shared"));
    EXPECT_THAT(refusal(task, "cut x\n"), HasSubstr("the task has no stage x"));
    EXPECT_THAT(refusal(task, "cut m 3\n"), HasSubstr("expected `cut stage`"));
    const task::Task causal = named("attention_causal", {});
    EXPECT_THAT(refusal(causal, "share o b\nshare o i\n"), HasSubstr("with a shared axis"));
}

// Its bounds and its values count the steps from the first of all, not from that of a block.
const char* const kWindowed =
    "task windowed(q: f32[B,S,D], k: f32[B,S,D], v: f32[B,S,D]) -> o: f32[B,S,D]\n"
    "  where B = 2, S = 96, D = 20\n"
    "  s[b,i,j] = sum[d](q[b,i,d] * k[b,j,d]) / sqrt(D) - i / 32\n"
    "  m[b,i] = max[j > i - 30, j <= i](s[b,i,j])\n"
    "  p[b,i,j] = j <= i ? exp(s[b,i,j] - m[b,i]) : 0\n"
    "  z[b,i] = sum[j > i - 30, j <= i](p[b,i,j])\n"
    "  o[b,i,d] = sum[j > i - 30, j <= i](p[b,i,j] * v[b,j,d]) / z[b,i] + i\n";

TEST(Cut, ABlockKnowsItsFirstStepWhereAPartComputesWithIt) {
    const task::Task task = written(kWindowed);
    const auto kernel = [&](const char* trace) {
        return print_kernel(task, Width{}, parse_trace(trace).value()).value_or("");
    };
    const std::string rest =
        "cut m\ncut o_sum\ntile s 4 1 8 8 8\npack s b\ntile o 4 1 8 8 8\npack o a\npack o b\n";
    EXPECT_THAT(kernel(("share o b\nshare o i 32\n" + rest).c_str()),
                HasSubstr("parts::i_first = i0;"));
    EXPECT_THAT(kernel(("share o b\n" + rest).c_str()), Not(HasSubstr("i_first")));
}

TEST(Cut, TilesThatNobodyReadsAreLeftOut) {
    const auto printed = [](const task::Task& task) {
        return print_kernel(task, Width{}, default_trace(task, Width{})).value_or("");
    };
    EXPECT_THAT(printed(named("attention_causal", {})), HasSubstr("continue;  // nobody reads it"));
    // A reader more, of all of it; two readers that do not agree; a choice that reads it elsewhere.
    const std::string causal = kWindowed;
    const auto changed = [&](const std::string& from, const std::string& to) {
        std::string text = causal;
        text.replace(text.find(from), from.size(), to);
        return printed(written(text.c_str()));
    };
    EXPECT_THAT(printed(written(kWindowed)), HasSubstr("nobody reads it"));
    EXPECT_THAT(changed("m[b,i] = max[j > i - 30, j <= i]", "m[b,i] = max[j]"),
                Not(HasSubstr("nobody reads it")));
    EXPECT_THAT(changed("m[b,i] = max[j > i - 30, j <= i]", "m[b,i] = max[j <= i + 1]"),
                Not(HasSubstr("nobody reads it")));
    EXPECT_THAT(changed(" : 0", " : s[b,j,i]"), Not(HasSubstr("nobody reads it")));
    // What a map reads beyond what is wanted of itself is not wanted either.
    EXPECT_THAT(changed(" : 0", " : s[b,i,j]"), HasSubstr("nobody reads it"));
    EXPECT_THAT(changed("z[b,i] = sum[j > i - 30, j <= i]", "z[b,i] = sum[j]"),
                HasSubstr("nobody reads it"));
    const std::string choice = "j <= i ? exp(s[b,i,j] - m[b,i]) : 0";
    EXPECT_THAT(changed(choice, "exp(s[b,i,j] - m[b,i])"), HasSubstr("nobody reads it"));
}

// Up to and with `reach` steps after its own a position sees others.
std::string seeing(int reach, int steps) {
    return fmt::format(
        "task seeing(q: f32[B,S,D], k: f32[B,S,D], v: f32[B,S,D]) -> o: f32[B,S,D]\n"
        "  where B = 2, S = {1}, D = 12\n"
        "  s[b,i,j] = sum[d](q[b,i,d] * k[b,j,d]) / sqrt(D)\n"
        "  p[b,i,j] = j <= i + {0} ? exp(s[b,i,j]) : 0\n"
        "  z[b,i] = sum[j <= i + {0}](p[b,i,j]) + 1\n"
        "  o[b,i,d] = sum[j <= i + {0}](p[b,i,j] * v[b,j,d]) / z[b,i]\n",
        reach, steps);
}

TEST(Cut, LoopsEndWhereABlockNeedsNoMore) {
    const Width wide{.vector_bytes = 64, .registers = 32, .threads = 2};
    const auto printed = [&](const task::Task& task) {
        return print_kernel(task, wide, default_trace(task, wide)).value_or("");
    };
    const std::string causal = printed(named("attention_causal", {}));
    EXPECT_THAT(causal, HasSubstr("const long j_reach = std::min<long>(S, i_first + IB);"));
    EXPECT_THAT(causal, HasSubstr("const long cols = std::min(NC, j_reach - j0);"));
    EXPECT_THAT(causal, HasSubstr("const long depth = std::min(KC, j_reach - j0);"));
    // What a row holds beyond its end is zero, so the sum shares the pass that fills it.
    EXPECT_THAT(causal, HasSubstr("z_lanes[u] += p_here;"));
    EXPECT_THAT(printed(named("attention", {})), Not(HasSubstr("_reach")));
    // Rows of a block are at hand when the next part reads them; those of the whole task are not.
    EXPECT_THAT(causal, Not(HasSubstr("hint p prefetch")));
    EXPECT_THAT(printed(named("linear_relu_softmax", {})), HasSubstr("hint t prefetch"));
    EXPECT_THAT(printed(written(seeing(3, 96).c_str())), HasSubstr("i_first + "));
    // A sum that ends elsewhere than what it sums does not.
    std::string other = seeing(3, 96);
    other.replace(other.find("sum[j <= i + 3](p[b,i,j])"), 25, "sum[j <= i + 2](p[b,i,j])");
    EXPECT_THAT(printed(written(other.c_str())), Not(HasSubstr("p_here")));
}

TEST(Cut, AnOperandThatIsZeroBeyondItsEndIsReadWhereItIs) {
    const std::string rest =
        "share o b\nshare o i 32\ncut p\ncut o_sum\ntile s 4 1 8 8 8\npack s b\n"
        "tile o 4 1 8 8 8\npack o b\n";
    EXPECT_EQ(refusal(written(seeing(0, 96).c_str()), rest), "");
    // Not where the zeros begin elsewhere, nor where there are none.
    std::string other = seeing(0, 96);
    other.replace(other.find("j <= i + 0 ?"), 12, "j <= i + 1 ?");
    EXPECT_THAT(refusal(written(other.c_str()), rest), HasSubstr("pack a: needed"));
    other = seeing(0, 96);
    other.replace(other.find(" : 0\n"), 5, " : 1\n");
    EXPECT_THAT(refusal(written(other.c_str()), rest), HasSubstr("pack a: needed"));
}

TEST(Cut, EndsEarlyAndIsRightWhateverItsPartsDoAtATime) {
    std::vector<Trial> trials;
    Unit unit;
    for (const int reach : {0, -1, 1, 3, 17}) {
        const Width width{.threads = 1};  // what an earlier block left behind lies beyond the end
        Trial trial{fmt::format("seeing {}", reach), written(seeing(reach, 96).c_str()), 64, {}, 0};
        for (const int block : {16, 32, 48}) {
            for (const auto& [fill, sum] : {std::pair{1, 4}, {4, 1}, {3, 3}, {4, 4}}) {
                const auto trace = parse_trace(fmt::format(
                    "share o b\nshare o i {}\ncut p\ncut o_sum\ntile s 4 1 8 8 8\npack s b\n"
                    "sweep p {}\nsweep z_sum {}\ntile o 4 1 24 8 8\npack o b\n",
                    block, fill, sum));
                const auto kernel = print_kernel(trial.task, width, trace.value());
                ASSERT_TRUE(kernel) << kernel.error().text;
                trial.kernels.push_back(*kernel);
            }
        }
        trial.first = unit.count();
        for (const std::string& kernel : trial.kernels)
            unit.add(trial.task, kernel);
        trials.push_back(std::move(trial));
    }
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

// Of what follows the products of two tensors: one head, one line a stage.
std::string attending(const std::string& stages) {
    return "task attending(q: f32[B,S,D], k: f32[B,S,D], v: f32[B,S,D]) -> o: f32[B,S,D]\n"
           "  where B = 2, S = 96, D = 12\n"
           "  s[b,i,j] = sum[d](q[b,i,d] * k[b,j,d]) / sqrt(D)\n" +
           stages;
}

// What a tile fills is read beyond where its sum would have to go; its zeros are counted on; what
// stands beside the zeros is not finite.
TEST(Cut, NeverReadsWhatNoPartHasFilled) {
    std::vector<Trial> trials;
    Unit unit;
    const Width width{.threads = 2};
    add(trials, unit,
        written(attending("  w[b,i,j] = j <= i ? s[b,i,j] : -10000\n"
                          "  m[b,i] = max[j](w[b,i,j])\n"
                          "  p[b,i,j] = exp(w[b,i,j] - m[b,i])\n"
                          "  z[b,i] = sum[j](p[b,i,j])\n"
                          "  o[b,i,d] = sum[j](p[b,i,j] * v[b,j,d]) / z[b,i]\n")
                    .c_str()),
        width);
    for (const int reach : {0, -1, 5})
        add(trials, unit, written(seeing(reach, 96).c_str()), width);
    add(trials, unit,
        written(attending("  p[b,i,j] = j <= i ? exp(s[b,i,j]) : 0\n"
                          "  z[b,i] = sum[j <= i](p[b,i,j])\n"
                          "  h[b,i] = sum[j <= i](p[b,i,j] * log(p[b,i,j] / z[b,i]))\n"
                          "  o[b,i,d] = sum[j <= i](p[b,i,j] * v[b,j,d]) / z[b,i] + h[b,i]\n")
                    .c_str()),
        width);
    add(trials, unit,
        written(attending("  p[b,i,j] = j <= i ? exp(s[b,i,j]) : 0\n"
                          "  z[b,i] = sum[j <= i](p[b,i,j] * (1 / (i - j + 1)))\n"
                          "  o[b,i,d] = sum[j <= i](p[b,i,j] * v[b,j,d]) / z[b,i]\n")
                    .c_str()),
        width);
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

TEST(Cut, EveryWayIsRightAtEveryRemainder) {
    std::vector<Trial> trials;
    Unit unit;
    add(trials, unit, attention(37), Width{.threads = 1});
    add(trials, unit, written(kConvolved), Width{.threads = 1});
    const Width width{.threads = 3};
    add(trials, unit, attention(64), width);
    add(trials, unit, named("attention_causal", {{"B", 2}, {"S", 45}, {"D", 12}}), width);
    add(trials, unit, named("attention_causal", {{"B", 2}, {"S", 96}, {"D", 12}}), width);
    add(trials, unit, written(kWindowed), width);
    add(trials, unit, named("linear_relu_softmax", {{"M", 32}, {"K", 9}, {"N", 21}}), width);
    add(trials, unit, written(kGated), width);
    add(trials, unit, written(kChain), width);
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

TEST(Cut, PartsCompileOnTheirOwnForVectorsOf64Bytes) {
    const task::Task task = named("attention", {});
    const Width width{.vector_bytes = 64, .registers = 32, .threads = 2};
    const auto kernel = print_kernel(task, width, default_trace(task, width));
    ASSERT_TRUE(kernel) << kernel.error().text;
    Unit unit;
    unit.add(task, *kernel);
    EXPECT_TRUE(Library(unit.text(), "-O1 -mavx512f").compiled());
}

}  // namespace
}  // namespace cupel::schedule

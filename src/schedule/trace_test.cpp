// SPDX-License-Identifier: Apache-2.0
// Traces as text, and what sweeps make of them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "schedule/schedule.hpp"
#include "schedule/sweep.hpp"

namespace cupel::schedule {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

task::Task small(const std::string& name, std::int64_t rows = 8, std::int64_t columns = 64) {
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    const auto whole = task::load(name, folders);
    std::vector<task::Override> sizes;
    if (whole) sizes = {{whole->sizes.at(0).name, rows}, {whole->sizes.at(1).name, columns}};
    auto task = task::load(name, folders, sizes);
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? std::move(*task) : task::Task{};
}

std::string refusal(const std::string& text) {
    const auto trace = parse_trace(text);
    return trace ? "" : trace.error().text;
}

// Why a sweep of softmax refuses the trace.
std::string vetoed(const std::string& text, std::int64_t columns = 64, int vector_bytes = 32) {
    const auto trace = parse_trace(text);
    if (!trace) return trace.error().text;
    const auto kernel =
        sweep::print(small("softmax", 8, columns), Width{.vector_bytes = vector_bytes}, *trace);
    return kernel ? "" : kernel.error().text;
}

TEST(Trace, PrintedAndParsedIsTheSame) {
    const Trace trace = {{"tile", "y", {"6", "2", "256"}},
                         {"sweep", "y_sum", {"4"}},
                         {"hint", "y", {"stream"}},
                         {"inline", "e.g", {}}};
    const std::string text = print_trace(trace);
    EXPECT_EQ(text, "tile y 6 2 256\nsweep y_sum 4\nhint y stream\ninline e.g\n");
    const auto again = parse_trace(text);
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(*again, trace);
    EXPECT_EQ(*parse_trace(""), Trace{});
    EXPECT_EQ(*parse_trace("# mine\nsweep y 4 # lanes\n"), (Trace{{"sweep", "y", {"4"}}}));
    EXPECT_EQ(*parse_trace("\n  sweep \t y   4\r\n\n"), (Trace{{"sweep", "y", {"4"}}}));
}

TEST(Trace, WhatIsNoTraceIsRefusedWithItsLine) {
    EXPECT_THAT(refusal("sweep y 4\nsweep\n"), HasSubstr("trace line 2: expected `verb stage"));
    EXPECT_THAT(refusal("sweep y 4;\n"), HasSubstr("trace line 1: a word may hold"));
    EXPECT_THAT(refusal("sweep \xc3\xa9 4\n"), HasSubstr("a word may hold"));
    EXPECT_THAT(refusal("a a a a a a a a a a a a a a a a a\n"), HasSubstr("more than 16 words"));
    std::string lines;
    for (int i = 0; i < 257; ++i)
        lines += "sweep y 4\n";
    EXPECT_THAT(refusal(lines), HasSubstr("trace line 257: a trace has at most 256 lines"));
    EXPECT_THAT(refusal(std::string((64 << 10) + 1, '\n')), HasSubstr("longer than 64 KiB"));
}

TEST(Sweep, RefusedVerbsSayWhy) {
    EXPECT_EQ(vetoed("sweep m 4\nsweep e 8\nhint y stream\n"), "");
    EXPECT_THAT(vetoed("sweep z 4\n"), HasSubstr("the task has no stage z"));
    EXPECT_THAT(vetoed("sweep y\n"), HasSubstr("expected `sweep stage U`"));
    EXPECT_THAT(vetoed("sweep y 0\n"), HasSubstr("U is 0, expected 1 to 16"));
    EXPECT_THAT(vetoed("sweep y 4x\n"), HasSubstr("U is 4x"));
    EXPECT_THAT(vetoed("sweep y 17\n"), HasSubstr("U is 17"));
    EXPECT_THAT(vetoed("sweep y 16\n"), HasSubstr("more than the 64 elements of axis n"));
    EXPECT_THAT(vetoed("inline m\n"), HasSubstr("m is not a row that vectors read"));
    EXPECT_THAT(vetoed("inline e 4\n"), HasSubstr("expected `inline stage`"));
    EXPECT_THAT(vetoed("hint y fast\n"), HasSubstr("expected `hint stage stream`"));
    EXPECT_THAT(vetoed("hint e stream\n"), HasSubstr("e is not an output"));
    EXPECT_THAT(vetoed("hint y stream\n", 65), HasSubstr("in whole vectors"));
    EXPECT_EQ(vetoed("hint y prefetch\n"), "");
    EXPECT_EQ(vetoed("hint e prefetch\n"), "");
    EXPECT_THAT(vetoed("hint e prefetch\ninline e\n"), HasSubstr("rows are fetched while e"));
    EXPECT_THAT(vetoed("inline e\nhint e prefetch\n"), HasSubstr("e does not sweep rows"));
    EXPECT_THAT(vetoed("tile y 4\n"),
                HasSubstr("a sweep knows the verbs join, sweep, rows, inline, hint and skew"));
    EXPECT_THAT(vetoed("sweep y 1\n", 7), HasSubstr("no vector fits y"));
    EXPECT_THAT(vetoed("", 64, 24), HasSubstr("expected 16, 32 or 64"));
}

// What one has just written another can then read at once.
TEST(Sweep, VectorsOfWindowsLieWhereThoseOfWholeRowsDo) {
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    const std::vector<task::Override> sizes = {{"W", 40}};
    const auto kernel = sweep::print(*task::load("depthwise_conv2d", folders, sizes), Width{},
                                     *parse_trace("sweep y_sum 2\n"));
    ASSERT_TRUE(kernel) << kernel.error().text;
    for (const char* loop :
         {"for (long q = 0; q < 8; q += W)", "for (long q = 8; q < 24; q += 2 * W)",
          "for (long q = 24; q < 32; q += W)", "for (long q = 32; q < Q; q += W)"})
        EXPECT_THAT(*kernel, HasSubstr(loop));
}

// A kernel, or why there is none.
std::string text(std::string_view task, std::string_view trace) {
    const auto parsed = task::parse(task, "test");
    EXPECT_TRUE(parsed.has_value()) << parsed.error().text;
    const auto kernel = print_kernel(*parsed, Width{}, *parse_trace(trace));
    return kernel ? *kernel : kernel.error().text;
}

// Two formulas over rows: of 64 rows, by default.
std::string formulas(std::string_view text, int rows = 64) {
    return fmt::format("task t(x: f32[M,N]) -> y: f32[M,N] where M = {}, N = 64\n{}", rows, text);
}

TEST(Sweep, RowsAreTakenTogether) {
    constexpr std::string_view kHead = "task t(x: f32[M,N]) -> y: f32[M] where M = 12, N = 64\n";
    const auto task = [&](std::string_view formula) {
        return std::string(kHead) + std::string(formula);
    };
    const std::string sum = task("  y[m] = sum[n](x[m,n])\n");
    EXPECT_THAT(text(sum, "sweep y 2\nrows y 4\n"), HasSubstr("m += 4"));
    EXPECT_THAT(text(sum, "rows y 8\n"), HasSubstr("of rows by the 8"));
    EXPECT_THAT(text(sum, "rows y 3\n"), HasSubstr("R being 2, 4 or 8"));
    EXPECT_THAT(text(sum + "shapes M in 1..12\n", "rows y 4\n"), HasSubstr("of rows by the 4"));
    EXPECT_THAT(text(task("  y[m] = sum[n <= m](x[m,n])\n"), "rows y 2\n"),
                HasSubstr("is not in a group"));
    const std::string rows = formulas("  s[m] = sum[n](x[m,n])\n  y[m,n] = x[m,n] / s[m]\n", 12);
    const std::string both = text(rows, "rows s 2\n");
    EXPECT_EQ(both, text(rows, "rows y 2\n").replace(both.find("rows s"), 6, "rows s"));
    EXPECT_THAT(both, HasSubstr("s[r] = reduce_add(s_lanes[r]);"));
    // No read waits for a write to the same place in another row.
    EXPECT_LT(both.find("y_lanes[r] = load(x + (m + r) * N + n) * (1.0f / s[r]);"),
              both.find("store(y + (m + r) * N + n, y_lanes[r]);"));
    // Each row has a buffer of its own.
    EXPECT_THAT(text(formulas("  e[m,n] = exp(x[m,n])\n  y[m,n] = e[m,n] / sum[k](e[m,k])\n"),
                     "rows e 4\n"),
                HasSubstr("store(e + r * N + n, e_here);"));
    EXPECT_THAT(
        text(formulas("  e[m,n] = exp(x[m,n])\n  y[m,n] = e[m,n] / e[m,0]\n"), "rows e 4\n"),
        HasSubstr("is not in a group"));
}

TEST(Sweep, PassesAreSkewed) {
    const std::string rows = formulas(
        "  m[b] = max[n](x[b,n])\n  e[b,n] = exp(x[b,n] - m[b])\n"
        "  y[b,n] = e[b,n] / sum[k](e[b,k])\n");
    const std::string two = "sweep m 2\nsweep e 2\nsweep y_sum 2\nsweep y 2\n";
    const std::string skewed = text(rows, two + "hint m prefetch\nskew m 16\n");
    EXPECT_THAT(skewed, HasSubstr("for (long b = 0; b < M; b += 16)"));
    EXPECT_THAT(skewed, HasSubstr("for (long r = 0; r < rows + 2; ++r)"));
    EXPECT_THAT(skewed, HasSubstr("const float m_here = e_runs ? m[r - 1] : 0;"));
    EXPECT_THAT(skewed, HasSubstr("__builtin_prefetch(x + (b + r + 1) * N + n + u * W, 0, 2);"));
    // A row of e is read before the next one is written in its place.
    EXPECT_LT(skewed.find("load(e + n + u * W)"), skewed.find("store(e + n + u * W, e_here)"));
    EXPECT_THAT(text(rows, two + "skew y 16\n"), HasSubstr("rows + 2; ++r)"));
    EXPECT_THAT(text(rows, two + "skew m 12\n"), HasSubstr("R being 8, 16, 32, 64, 128 or 256"));
    EXPECT_THAT(text(rows, two + "skew m 128\n"), HasSubstr("over 128 rows"));
    EXPECT_THAT(text(rows, "skew m 16\n"), HasSubstr("two or more a step"));
    EXPECT_THAT(text(rows, "sweep m 2\nskew m 16\n"), HasSubstr("is not in a group"));
    EXPECT_THAT(text(rows, two + "rows m 4\nskew m 16\n"), HasSubstr("is not in a group"));
    EXPECT_THAT(text(rows, two + "skew m 16\nsweep m 4\n"), HasSubstr("when all else is said"));
    // One pass has none before it; a row that the pass after next reads is gone by then.
    EXPECT_THAT(text(formulas("  y[m,n] = exp(x[m,n])\n"), "sweep y 2\nskew y 8\n"),
                HasSubstr("is not in a group"));
    EXPECT_THAT(text(formulas("  e[m,n] = exp(x[m,n])\n  s[m] = sum[n](e[m,n])\n"
                              "  v[m] = sum[n](sq(e[m,n] - s[m]))\n"
                              "  y[m,n] = e[m,n] * v[m]\n"),
                     "sweep e 2\nsweep s 2\nsweep v 2\nsweep y 2\nskew e 8\n"),
                HasSubstr("is not in a group"));
}

TEST(Sweep, CandidatesAreFewDifferentAndBeginWithTheDefault) {
    for (const char* name : {"softmax", "layernorm", "bias_gelu", "log_softmax", "cumsum"}) {
        const task::Task task = small(name, 4096, 4096);
        const Width width{.threads = 2};
        const std::vector<Trace> all = candidates(task, width);
        ASSERT_GE(all.size(), 1U) << name;
        EXPECT_LE(all.size(), 64U) << name;
        EXPECT_EQ(all.front(), default_trace(task, width)) << name;
        std::set<std::string> texts;
        for (const Trace& trace : all)
            texts.insert(print_trace(trace));
        EXPECT_EQ(texts.size(), all.size()) << name;
    }
}

TEST(Sweep, EveryCandidateIsReplayedFromItsText) {
    for (const char* name : {"softmax", "layernorm", "bias_gelu"}) {
        for (const std::int64_t columns : {64, 100, 5}) {
            const task::Task task = small(name, 8, columns);
            for (const Trace& trace : candidates(task, Width{})) {
                const std::string text = print_trace(trace);
                const auto again = parse_trace(text);
                ASSERT_TRUE(again) << again.error().text;
                EXPECT_EQ(*again, trace);
                const auto kernel = print_kernel(task, Width{}, trace);
                ASSERT_TRUE(kernel) << text << kernel.error().text;
                EXPECT_EQ(*kernel, *print_kernel(task, Width{}, *again));
                for (const Action& action : trace)
                    EXPECT_THAT(*kernel, HasSubstr("//   " + print_trace({action})));
            }
        }
    }
}

TEST(Sweep, NeighboursAreOneDecisionAway) {
    const task::Task task = small("softmax", 4096, 4096);
    const Trace trace = default_trace(task, Width{});
    const std::vector<Trace> near = neighbours(task, Width{}, trace);
    EXPECT_FALSE(near.empty());
    for (const Trace& other : near) {
        const auto gone = std::ranges::count_if(
            trace, [&](const Action& a) { return std::ranges::find(other, a) == other.end(); });
        EXPECT_LE(gone, 1) << print_trace(other);
        EXPECT_NE(other, trace);
    }
}

TEST(Sweep, DividesByWhatAllLanesShareThroughItsReciprocal) {
    const task::Task task = small("softmax");
    const auto kernel = print_kernel(task, Width{}, default_trace(task, Width{}));
    ASSERT_TRUE(kernel) << kernel.error().text;
    EXPECT_THAT(*kernel, HasSubstr("load(e + n) * (1.0f / y_sum)"));
    EXPECT_THAT(*kernel, Not(HasSubstr("load(e + n) / y_sum")));
}

TEST(Sweep, ComputesOnePlusErfAsOneFunction) {
    const task::Task task = small("bias_gelu");
    const auto kernel = print_kernel(task, Width{}, default_trace(task, Width{}));
    ASSERT_TRUE(kernel) << kernel.error().text;
    EXPECT_THAT(*kernel, HasSubstr(" * verf1("));
    EXPECT_THAT(*kernel, Not(HasSubstr(" verf(")));
}

TEST(Sweep, TheFirstCandidatesDifferInWhatMattersMost) {
    const task::Task task = small("softmax", 4096, 4096);
    const std::vector<Trace> all = candidates(task, Width{});
    ASSERT_GE(all.size(), 6U);
    bool stored = false;
    std::set<std::string> unrolls;
    for (std::size_t k = 0; k < 6; ++k) {
        const std::string text = print_trace(all[k]);
        EXPECT_THAT(text, Not(HasSubstr("inline e"))) << "exp would be computed twice";
        stored = stored || text.find("stream") == std::string::npos;
        unrolls.insert(all[k].front().arguments.at(0));
    }
    EXPECT_TRUE(stored);
    EXPECT_THAT(unrolls, ::testing::UnorderedElementsAre("1", "2", "4", "8"));
}

TEST(Sweep, FetchesTheNextRowsWhileItSweepsOne) {
    const auto text = [](const char* name, const char* trace) {
        const auto kernel = print_kernel(small(name), Width{}, *parse_trace(trace));
        return kernel ? *kernel : kernel.error().text;
    };
    EXPECT_THAT(text("softmax", "sweep y 2\nhint y prefetch\n"),
                HasSubstr("if (n % 16 == 0) __builtin_prefetch(x + (b + 1) * N + n, 0, 2);"));
    EXPECT_THAT(text("softmax", "sweep e 2\nsweep y_sum 2\nhint e prefetch\n"),
                HasSubstr("if ((n + u * W) % 16 == 0) "
                          "__builtin_prefetch(x + (b + 1) * N + n + u * W, 0, 2);"));
    EXPECT_THAT(text("residual_layernorm", "inline h\nhint v_sum prefetch\n"),
                HasSubstr("__builtin_prefetch(r + (n + 1) * D + d, 0, 2);"));
    // g and b are the same for all rows.
    EXPECT_THAT(text("layernorm", "sweep y 2\nhint y prefetch\n"),
                Not(HasSubstr("__builtin_prefetch(g")));
    EXPECT_THAT(text("bias_gelu", "hint y prefetch\n"), Not(HasSubstr("__builtin_prefetch(b")));
    // All rows of the next channel, each behind a row of this one.
    EXPECT_THAT(text("batchnorm", "hint mu_sum prefetch\n"),
                HasSubstr("__builtin_prefetch(x + ((n * C + c + 1) * H + h) * H + w, 0, 2);"));
    EXPECT_THAT(text("batchnorm", "hint mu prefetch\n"), HasSubstr("does not sweep rows"));
    EXPECT_THAT(text("sum_rows", "rows y 4\nhint y prefetch\n"),
                HasSubstr("__builtin_prefetch(x + (m + r + 4) * N + n, 0, 3);"));
}

// Rows of a table by number: the last number has none after it, and a stage that shares the loop
// has an axis of its own, which is no variable here.
TEST(Sweep, FetchesTheNextRowOfATable) {
    const auto task = task::parse(
        "task t(table: f32[V,D], t: i64[N]) -> y: f32[N,D] where V = 9, D = 32, N = 5\n"
        "  m[n]   = max[k](table[t[n], k])\n"
        "  y[n,d] = exp(table[t[n], d] - m[n])\n"
        "values t ~ integers(0, 9)\n",
        "test");
    ASSERT_TRUE(task.has_value()) << task.error().text;
    const auto kernel =
        print_kernel(*task, Width{}, *parse_trace("sweep m 1\nsweep y 1\nhint y prefetch\n"));
    ASSERT_TRUE(kernel.has_value()) << kernel.error().text;
    EXPECT_THAT(*kernel, HasSubstr("const long t_next = t[std::min<long>(n + 64, N - 1)];"));
    EXPECT_THAT(*kernel, HasSubstr("__builtin_prefetch(table + t_next * D + d, 0, 2);"));
    EXPECT_THAT(*kernel, HasSubstr("load(table + t_here * D + k)"));
    EXPECT_THAT(*kernel, Not(HasSubstr("+ k, 0, 2)")));
}

TEST(Sweep, AsksOnceWhetherAnOutputCanBeStreamed) {
    const task::Task task = small("bias_gelu");
    const auto kernel = print_kernel(task, Width{}, *parse_trace("sweep y 4\nhint y stream\n"));
    ASSERT_TRUE(kernel) << kernel.error().text;
    const std::string ask = "const bool y_aligned = aligned(y);";
    const std::size_t at = kernel->find(ask);
    ASSERT_NE(at, std::string::npos) << *kernel;
    EXPECT_LT(at, kernel->find("for (long m"));
    EXPECT_EQ(kernel->find(ask, at + 1), std::string::npos);
}

}  // namespace
}  // namespace cupel::schedule

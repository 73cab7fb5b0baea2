// SPDX-License-Identifier: Apache-2.0
// Printed kernels that sum columns, compiled and run: the ends of padded rows, and the maps that
// finish what was summed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

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

// The naive kernel, and in vectors of every width candidates from the first to the last.
void add_some(std::vector<Trial>& trials, Unit& unit, const std::string& text, double tolerance) {
    auto task = task::parse(text, "here");
    ASSERT_TRUE(task) << text << task.error().text;
    Trial trial{task->name, *std::move(task), tolerance, {}, unit.count()};
    trial.kernels.push_back(print_naive(trial.task).value_or(""));
    for (const int bytes : {16, 32, 64}) {
        const Width width{.vector_bytes = bytes, .threads = 1, .l3_bytes = 1};
        const std::vector<Trace> all = candidates(trial.task, width);
        for (const std::size_t k : {std::size_t{0}, all.size() / 3, all.size() - 1}) {
            const auto kernel = print_kernel(trial.task, width, all[k]);
            ASSERT_TRUE(kernel) << text << print_trace(all[k]) << kernel.error().text;
            trial.kernels.push_back(*kernel);
        }
    }
    for (const std::string& kernel : trial.kernels)
        unit.add(trial.task, kernel);
    trials.push_back(std::move(trial));
}

void expect_all_right(const std::vector<std::pair<const char*, double>>& texts) {
    std::vector<Trial> trials;
    Unit unit;
    for (const auto& [text, tolerance] : texts)
        add_some(trials, unit, text, tolerance);
    Library library(unit.text(), "-O1 -march=native");
    ASSERT_TRUE(library.compiled());
    for (const Trial& trial : trials)
        expect_right(trial, library);
}

TEST(ColumnKernels, OfPaddedRowsAreRight) {
    expect_all_right({
        {"task five(x: f32[C,H,N], w: f32[C,R,S], b: f32[C], g: f32[C,H,N]) -> y: f32[C,H,N]\n"
         "  where C = 2, H = 9, N = 53, R = 5, S = 5\n"
         "  y[c,p,q] = max(sum[r,s](x[c,p+r-2,q+s-2 | 0] * w[c,r,s]) + b[c], 0) * g[c,p,q]\n",
         64},
        {"task strides(x: f32[C,H,N]) -> y: f32[C,P,Q]\n"
         "  where C = 2, H = 15, N = 77, P = (H - 1) / 2 + 1, Q = (N - 1) / 2 + 1\n"
         "  y[c,p,q] = max[r < 7, s < 7](x[c,2*p+r-3,2*q+s-3 | -inf]) * 2 + q\n",
         4},
        // More padding than a vector is long, and something else than zeros there.
        {"task far(x: f32[C,N]) -> y: f32[C,N] where C = 3, N = 50\n"
         "  y[c,q] = sum[s < 41](x[c,q+s-20 | c + 1]) / 41\n",
         64},
        // Rows that are shorter than the vectors that are summed of them.
        {"task short(x: f32[C,N], w: f32[S]) -> y: f32[C,Q], z: f32[C,Q]\n"
         "  where C = 3, N = 5, S = 36, Q = N + S - 1\n"
         "  y[c,q] = sum[s](x[c,q+s-35 | 3] * w[s]) + c\n"
         "  z[c,q] = min[s](x[c,2*q+s-50 | 1] + w[s]) * 2\n",
         64},
        {"task low(x: f32[C,N], w: f32[S]) -> y: f32[C,N] where C = 3, N = 48, S = 4\n"
         "  y[c,q] = sum[s](x[c,q+s-3 | 0] * w[s]) + c\n",
         16},
        {"task high(x: f32[C,N], w: f32[S]) -> y: f32[C,Q]\n"
         "  where C = 3, N = 48, S = 4, Q = N + 3\n"
         "  y[c,q] = sum[s](x[c,q+s | 0] * x[c,q+s-3 | 0] * w[s])\n",
         16},
        {"task double(x: f64[C,N], w: f64[S]) -> y: f64[C,N] where C = 3, N = 37, S = 3\n"
         "  y[c,q] = sum[s](x[c,q+s-1 | 0] * w[s]) * 3\nprecision fp64\n",
         0x1p-20},
        {"task bfloats(x: bf16[C,N], w: bf16[S]) -> y: bf16[C,N] where C = 3, N = 37, S = 3\n"
         "  y[c,q] = sum[s](x[c,q+s-1 | 2] * w[s] * w[s]) + x[c,q]\nprecision bf16\n",
         0x1p16 + 32},
        {"task halves(x: f16[C,N], w: f16[S]) -> y: f32[C,N] where C = 3, N = 37, S = 3\n"
         "  y[c,q] = max[s](x[c,q+s-1 | -inf] + w[s]) + 1\nprecision fp16\n",
         32},
    });
}

TEST(ColumnKernels, FinishedByTheMapThatReadsThemAreRight) {
    constexpr std::string_view kHead =
        "task t(x: f32[C,M,N], w: f32[C,M]) -> y: f32[C,N] where C = 3, M = 7, N = 83\n";
    const auto task = [&](std::string_view formulas) {
        return std::string(kHead) + std::string(formulas);
    };
    const std::vector<std::string> texts = {
        task("  s[c,n] = sum[m](x[c,m,n] * w[c,m])\n  y[c,n] = s[c,n] * s[c,n] + s[c,n]\n"),
        // One of two goes into the map.
        task("  a[c,n] = sum[m](x[c,m,n] * w[c,m])\n  b[c,n] = max[m](x[c,m,n])\n"
             "  y[c,n] = a[c,n] * b[c,n]\n"),
        // What is finished is itself a row that others read.
        task("  s[c,n] = sum[m](x[c,m,n] * w[c,m])\n  e[c,n] = exp(s[c,n] * 0.1)\n"
             "  y[c,n] = e[c,n] / sum[k](e[c,k])\n"),
        // The map is inlined, too: only one of the two can be.
        task("  s[c,n] = sum[m](x[c,m,n])\n  d[c,n] = s[c,n] + w[c,0]\n"
             "  y[c,n] = sq(d[c,n]) + x[c,0,n]\n"),
        // A map beside the sums is.
        task("  d[c,n] = x[c,1,n] * w[c,2]\n  s[c,n] = sum[m](x[c,m,n])\n"
             "  y[c,n] = s[c,n] * d[c,n] + d[c,n]\n"),
        // Read at other places than its own.
        task("  s[c,n] = sum[m](x[c,m,n] * w[c,m])\n  y[c,n] = s[c,n] + s[c,N-1-n]\n"),
    };
    std::vector<std::pair<const char*, double>> cases;
    for (const std::string& text : texts)
        cases.emplace_back(text.c_str(), 128);
    expect_all_right(cases);
}

std::string printed(const std::string& text, std::string_view trace) {
    const auto task = task::parse(text, "here");
    EXPECT_TRUE(task) << task.error().text;
    const auto kernel = print_kernel(*task, Width{}, *parse_trace(trace));
    return kernel ? *kernel : kernel.error().text;
}

TEST(ColumnKernels, NeedNoBufferForWhatOneMapReads) {
    const auto rows = [](const char* formula) {
        return fmt::format("task t(x: f32[C,M,N]) -> y: f32[C,N] where C = 8, M = 7, N = 64\n{}",
                           formula);
    };
    const std::string once = rows("  s[c,n] = sum[m](x[c,m,n])\n  y[c,n] = s[c,n] * s[c,n] + 1\n");
    EXPECT_THAT(printed(once, "sweep s 2\n"), HasSubstr("float s[N];"));
    const std::string finished = printed(once, "inline s\nsweep y 2\nhint y stream\n");
    EXPECT_THAT(finished, Not(HasSubstr("float s[N];")));
    EXPECT_THAT(finished,
                HasSubstr("stream(y + c * N + n + u * W, s_lanes[u] * s_lanes[u] + 1.0f"));
    EXPECT_THAT(printed(once, "inline s\nrows y 2\n"), HasSubstr("is not in a group of sweeps"));
    EXPECT_THAT(printed(once, "inline s\nsweep y 2\nskew y 8\n"),
                HasSubstr("is not in a group of"));
    EXPECT_THAT(printed(once, "inline s\ninline s\n"), HasSubstr("s is not a row that vectors"));
    const std::string others =
        "s is not a row that vectors read element by element, nor columns "
        "that one map reads so";
    EXPECT_THAT(printed(rows("  s[c,n] = sum[m](x[c,m,n])\n  y[c,n] = s[c,n] + s[c,N-1-n]\n"),
                        "inline s\n"),
                HasSubstr(others));
    EXPECT_THAT(printed(rows("  s[c,n] = sum[m](x[c,m,n])\n  d[c,n] = exp(s[c,n])\n"
                             "  y[c,n] = s[c,n] + d[c,n]\n"),
                        "inline s\n"),
                HasSubstr(others));
    const std::string chain = rows(
        "  s[c,n] = sum[m](x[c,m,n])\n  d[c,n] = s[c,n] + 1\n"
        "  y[c,n] = d[c,n] * d[c,n]\n");
    EXPECT_THAT(printed(chain, "inline d\ninline s\n"), HasSubstr(others));
    EXPECT_THAT(printed(chain, "inline s\ninline d\n"), HasSubstr("d is not a row that vectors"));
}

// Windows of 2 to 16 steps, one or two places before their lane, with and without what is outside.
TEST(ColumnKernels, OfWindowsThatSlideOverColumnsAreRight) {
    struct Window {
        int steps;
        const char* outside;  // empty: the window lies inside
        int offset;
        const char* of;   // how, and what it takes of t
        const char* end;  // what follows it
    };
    std::vector<std::string> texts;
    for (const Window& window : std::vector<Window>{
             {3, " | 0", -1, "sum[s < 3](t[{}])", " / 9"},
             {3, " | -inf", -1, "max[s < 3](t[{}])", ""},
             {3, "", 0, "sum[s < 3](t[{}])", ""},
             {2, "", 0, "min[s < 2](t[{}])", " + 1"},
             {2, " | 3", -1, "max[s < 2](t[{}])", ""},
             {4, " | 0", -1, "sum[s < 4](t[{}] * w[s])", ""},
             {5, " | c + 1", -2, "sum[s < 5](t[{}] * w[s] + q)", " * w[c]"},
             {1, "", 0, "sum[s < 1](t[{}])", ""},
             {3, "", 2, "max[s < 3](t[{}])", ""},
             {3, " | 5", -1, "min[s < 3](t[{}])", ""},
             {16, " | 1", -9, "sum[s < 16](t[{}] * w[s])", ""},
         }) {
        const int n = texts.size() % 2 == 0 ? 36 : 131;
        const int outputs =
            window.outside[0] != 0 ? (n + 1) / 2 : (n - window.steps - window.offset) / 2 + 1;
        const std::string read = fmt::format("c,p,2*q+s{:+}{}", window.offset, window.outside);
        texts.push_back(fmt::format(
            "task t{}(x: f32[C,H,N], w: f32[S]) -> y: f32[C,P,Q] where C = 2, H = 9, N = {}, P = "
            "5, Q = {}, S = 16\n"
            "  t[c < C,p < P,n < N] = sum[r < 3](x[c,2*p+r-1,n | 2] * w[r])\n  y[c,p,q] = {}{}\n",
            texts.size(), n, outputs, fmt::format(fmt::runtime(window.of), read), window.end));
    }
    texts.emplace_back(
        "task wide(x: f64[C,M,N], g: f64[N]) -> y: f64[C,Q] where C = 3, M = 4, N = 70, Q = 34\n"
        "  t[c,n] = max[m](x[c,m,n] * g[n] + n)\n  y[c,q] = sum[s < 3](t[c,2*q+s])\n"
        "precision fp64\n");
    texts.emplace_back(
        "task short(x: f16[C,M,N]) -> y: f32[C,Q] where C = 3, M = 4, N = 70, Q = 35\n"
        "  t[c,n] = sum[m](x[c,m,n])\n  y[c,q] = sum[s < 3](t[c,2*q+s-1 | 0])\n"
        "precision fp16\n");
    std::vector<std::pair<const char*, double>> cases;
    for (const std::string& text : texts)
        cases.emplace_back(text.c_str(), 128);
    expect_all_right(cases);
    for (const std::string& text : texts) {
        const auto task = task::parse(text, "here");
        const Trace trace = candidates(*task, Width{.vector_bytes = 64}).front();
        EXPECT_THAT(print_trace(trace), HasSubstr("inline t\n")) << text;
    }
}

TEST(ColumnKernels, SlideWhereOneWindowReadsEverySecondPlace) {
    const auto text = [](std::string_view y, std::string_view more = "") {
        return printed(fmt::format("task t(x: f32[C,M,N]) -> y: f32[C,Q]{} where C = 8, M = 7, N = "
                                   "128, Q = 32\n  s[c,n] = sum[m](x[c,m,n])\n  y[c,q] = {}\n",
                                   more, y),
                       "inline s\nsweep y 2\n");
    };
    const std::string slid = text("max[k < 3](s[c,2*q+k])");
    EXPECT_THAT(slid, Not(HasSubstr("float s[N];")));
    EXPECT_THAT(slid, HasSubstr("s_lanes += load(x + (c * M + m) * N + from);"));
    EXPECT_THAT(slid, HasSubstr("const vec low = columns(2 * q + 2), high = columns(2 * q + 2 + "
                                "W);"));
    EXPECT_THAT(slid, HasSubstr("y_lanes = vmax(y_lanes, following(odd_before, odd, 1));"));
    const std::string others = "s is not a row that vectors read element by element";
    for (const char* y : {"max[k < 3](s[c,q+k])", "max[k < 3](s[c,3*q+k])",
                          "max[k < 3](s[c,2*q+2*k])", "max[k < 3](s[c,2*q+k] * s[c,2*q])",
                          "max[k < 17](s[c,2*q+k])", "max[k < 3, j < 2](s[c,2*q+k+j])",
                          "max[k < 3](s[c,2*q+k | k])", "max[k <= q](s[c,2*q+k | 0])"})
        EXPECT_THAT(text(y), HasSubstr(others)) << y;
    EXPECT_THAT(text("max[k < 3](s[c,2*q+k])\n  z[c] = sum[n](s[c,n])", ", z: f32[C]"),
                HasSubstr(others));
}

// Whichever of the two is said first.
TEST(ColumnKernels, FetchForTheLoopThatTheyAreIn) {
    constexpr const char* kTask =
        "task t(x: f32[C,H,N]) -> y: f32[C,P,N] where C = 4, H = 10, P = 8, N = 64\n"
        "  s[c,p,n] = sum[r < 3](x[c,p+r,n])\n  y[c,p,n] = s[c,p,n] * s[c,p,n] + x[c,p,n]\n";
    EXPECT_THAT(printed(kTask, "inline s\nhint y prefetch\n"), HasSubstr("__builtin_prefetch(x"));
    EXPECT_THAT(printed(kTask, "inline s\nhint s prefetch\n"), HasSubstr("s does not sweep rows"));
    EXPECT_THAT(printed(kTask, "hint s prefetch\ninline s\n"),
                HasSubstr("rows are fetched while s is swept"));
    EXPECT_THAT(printed(kTask, "hint y prefetch\ninline s\n"),
                HasSubstr("rows are fetched while y is swept"));
}

}  // namespace
}  // namespace cupel::schedule

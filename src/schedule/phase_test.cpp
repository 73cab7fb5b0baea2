// SPDX-License-Identifier: Apache-2.0
#include "schedule/phase.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "schedule/phase_plan.hpp"
#include "schedule/trials.hpp"

namespace cupel::schedule {
namespace {

using ::testing::HasSubstr;

task::Task parse(std::string_view text) {
    auto task = task::parse(text, "test.task");
    EXPECT_TRUE(task.has_value()) << task.error().text;
    return *std::move(task);
}

constexpr const char* kPlain =
    "task t(x: f32[N,C,H,W], w: f32[C,K,R,S], b: f32[K]) -> y: f32[N,K,P,Q]\n"
    "  where N = 2, C = 3, H = 5, W = 6, K = 4, R = 4, S = 4, P = 10, Q = 12\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, (p+1-r)/2, (q+1-s)/2 | 0] * w[c,k,r,s]) + b[k]\n";

constexpr const char* kRight[] = {
    kPlain,
    // Phases of other sizes, and of other numbers of taps.
    "task t(x: f32[N,C,H,W], w: f32[C,K,R,S]) -> y: f32[N,K,P,Q]\n"
    "  where N = 1, C = 3, H = 5, W = 6, K = 4, R = 3, S = 3, P = 9, Q = 11\n"
    "  y[n,k,p,q] = sum[c,r,s](x[n, c, (p+1-r)/2, (q+1-s)/2 | 0] * w[c,k,r,s])\n",
    // A stride of three along one axis only.
    "task t(x: f32[N,C,H,W], w: f32[C,K,R,S]) -> y: f32[N,K,P,Q]\n"
    "  where N = 1, C = 2, H = 4, W = 9, K = 5, R = 5, S = 3, P = 13, Q = 9\n"
    "  y[n,k,p,q] = relu(sum[c,r,s](x[n, c, (p+2-r)/3, q+s-1 | 0] * w[c,k,r,s]))\n",
    // Along the last axis only, and a line instead of an image.
    "task t(x: f32[N,C,L], w: f32[C,K,R]) -> y: f32[N,K,P] where N = 2, C = 3, L = 9, K = 6, R = "
    "4, "
    "P = 19\n"
    "  y[n,k,p] = sum[c,r](x[n, c, (p+2-r)/2 | 0] * w[c,k,r])\n",
};

TEST(Phase, EveryKindIsRight) {
    std::vector<testing::Trial> trials;
    testing::Unit unit;
    for (const char* text : kRight) {
        testing::Trial trial{.what = text,
                             .task = parse(text),
                             .tolerance = 40,
                             .kernels = {},
                             .first = unit.count()};
        ASSERT_TRUE(phase::applies(trial.task)) << text;
        for (const Width& width : {Width{}, Width{.vector_bytes = 16, .threads = 2}}) {
            const auto seeds = phase::seeds(trial.task, width);
            ASSERT_FALSE(seeds.empty());
            const Trace& trace = width.threads > 1 ? seeds.back() : seeds.front();
            const auto kernel = print_kernel(trial.task, width, trace);
            ASSERT_TRUE(kernel) << kernel.error().text;
            unit.add(trial.task, *kernel);
            trial.kernels.push_back(*kernel);
        }
        trials.push_back(std::move(trial));
    }
    testing::Library library(unit.text(), "-O1 -march=native");
    for (const testing::Trial& trial : trials)
        testing::expect_right(trial, library);
}

TEST(Phase, NoStepIsMadeForATapThatDoesNotCount) {
    const auto phases = phase::find_phases(parse(kPlain));
    ASSERT_TRUE(phases) << phases.error().text;
    ASSERT_EQ(phases->all.size(), 4);
    std::int64_t steps = 0;
    for (const phase::Phase& phase : phases->all) {
        const auto& anchor = phase.task.stages.front();
        std::int64_t all = 1;
        for (const auto& axes : {anchor.keep, anchor.reduce}) {
            for (const task::AxisId axis : axes)
                all *= phase.task.axis(axis).extent;
        }
        steps += all;
    }
    EXPECT_EQ(steps, 2 * 4 * 10 * 12 * 3 * 2 * 2) << "a quarter of the 4 x 4 taps";
}

TEST(Phase, TheTraceNamesItsPhasesAndReplays) {
    const task::Task task = parse(kPlain);
    const Trace trace = default_trace(task, Width{});
    EXPECT_THAT(print_trace(trace), HasSubstr("phase y p 2\nphase y q 2\n"));
    const auto again = parse_trace(print_trace(trace));
    ASSERT_TRUE(again);
    EXPECT_EQ(print_kernel(task, Width{}, *again).value(),
              print_kernel(task, Width{}, trace).value());
    for (const Trace& near : neighbours(task, Width{}, trace))
        EXPECT_TRUE(print_kernel(task, Width{}, near)) << print_trace(near);
    EXPECT_GE(neighbours(task, Width{}, trace).size(), 8U);
}

TEST(Phase, OtherPhasesAreRefusedInWords) {
    const task::Task task = parse(kPlain);
    Trace trace = default_trace(task, Width{});
    trace.erase(trace.begin());
    const auto refused = print_kernel(task, Width{}, trace);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("falls apart by: phase y p 2, phase y q 2"));
}

TEST(Phase, WhatDoesNotFallApartIsLeftToTheOthers) {
    const auto why = [](std::string_view formula) {
        const auto phases =
            phase::find_phases(parse("task t(x: f32[C,L], w: f32[C,K,R]) -> y: f32[K,P]\n"
                                     "  where C = 3, L = 9, K = 6, R = 4, P = 17\n" +
                                     std::string(formula)));
        return phases ? std::string("none") : phases.error().text;
    };
    EXPECT_THAT(why("  y[k,p] = sum[c,r](x[c, p+r-2 | 0] * w[c,k,r])\n"), HasSubstr("no position"));
    EXPECT_THAT(why("  y[k,p] = sum[c,r](x[c, (2*p-r)/3 | 0] * w[c,k,r])\n"),
                HasSubstr("more than one"));
    EXPECT_THAT(why("  y[k,p] = sum[c,r](x[c, (p-r)/5 | 0] * w[c,k,r])\n"),
                HasSubstr("fewer steps"));
    EXPECT_THAT(why("  y[k,p] = sum[c,r](x[c, (p-r)/2 | 0] * w[c,k,r]) + p\n"),
                HasSubstr("as a value"));
}

}  // namespace
}  // namespace cupel::schedule

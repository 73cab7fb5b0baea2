// SPDX-License-Identifier: Apache-2.0
// Which lanes are here (activemask), after a branch that parts them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::HasSubstr;
using testing::kernel;
using testing::Trial;

struct Told {
    std::string faults;
    bool late = false;  // some lanes came later
};

// A warp parts at a branch and asks; then each lane asks the one 16 further for its number.
Told told(const std::string& between, std::uint64_t seed) {
    Trial trial(kernel("setp.lt.u32 %p1, %t, 20; @%p1 bra A; add.u32 %r5, %n, 1; A:\n" + between +
                       "#3\nactivemask.b32 %r1; shfl.sync.bfly.b32 %r2, %t, 16, 31, %r1;\n"
                       "setp.ne.u32 %p2, %r2, 99; @%p2 bra E; trap; E:\n"));
    const BufferId a = trial.output("a", 4, Role::Scratch);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {32, 1, 1}};
    launch.arguments = {Address{a}, Address{a}, argument(0)};
    const Report report = trial.run(launch, {.seed = seed});
    const auto says_so = [](const Finding& one) {
        return one.fault == Fault::Note &&
               one.text.find("came later: they had parted") != std::string::npos;
    };
    return {.faults = testing::faults(report),
            .late = std::ranges::any_of(report.findings, says_so)};
}

TEST(Parting, LanesThatAreNotMadeToWaitMayComeLater) {
    int late = 0;
    for (std::uint64_t seed = 1; seed < 5; seed++) {
        const Told one = told("", seed);
        late += one.late ? 1 : 0;
        if (!one.late) continue;
        EXPECT_THAT(one.faults, HasSubstr("decides by a value that nobody wrote"));
    }
    EXPECT_GE(late, 3);
    EXPECT_EQ(told("", 0).faults, "");  // in the natural order all come together
    EXPECT_FALSE(told("", 0).late);
}

TEST(Parting, WhatBringsThemTogetherLeavesThemTogether) {
    for (const char* const meeting :
         {"bar.warp.sync -1;\n", "bar.sync 0;\n", "shfl.sync.idx.b32 %r4, %t, 0, 31, -1;\n"}) {
        for (std::uint64_t seed = 1; seed < 5; seed++) {
            EXPECT_EQ(told(meeting, seed).faults, "") << meeting;
            EXPECT_FALSE(told(meeting, seed).late) << meeting;
        }
    }
}

}  // namespace
}  // namespace cupel::emulator

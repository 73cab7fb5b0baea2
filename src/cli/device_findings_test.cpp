// SPDX-License-Identifier: Apache-2.0
#include "cli/device_findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/device_judge.hpp"

namespace cupel::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A launch that fills the device and of which nothing stands out.
DeviceBound calm() {
    DeviceBound made;
    made.sheet.name = "a GPU";
    made.sheet.multiprocessors = 100;
    made.sheet.warps_per_sm = 64;
    made.bound.formula = {{"DRAM", 10e-6}};
    made.bound.seconds = 20e-6;
    made.bound.launches = {
        {.kernel = "k",
         .ceilings = {{"on-chip memory", 20e-6}, {"DRAM", 10e-6}, {"issue", 5e-6}},
         .occupancy = {.blocks = 8, .warps = 64, .share = 1, .limited_by = "warps"}}};
    referee::SampledLaunch launch;
    launch.blocks = 1000;
    launch.counters.warp_instructions = 100;
    launch.counters.lane_instructions = 3200;
    launch.counters.global_requests = 10;
    launch.counters.global_sectors = 40;
    launch.counters.global_bytes = 1280;
    made.sample.launches = {launch};
    return made;
}

TEST(DeviceFindings, AreNoneWhereNothingStandsOut) {
    EXPECT_THAT(device_findings(calm()), IsEmpty());
    EXPECT_THAT(device_findings(DeviceBound()), IsEmpty());
}

TEST(DeviceFindings, TellOfAccessesThatAreNotCoalesced) {
    DeviceBound made = calm();
    made.sample.launches[0].counters.global_sectors = 320;
    EXPECT_THAT(
        device_findings(made),
        ElementsAre("global accesses are not coalesced: 32.0 sectors of 32 bytes a request, "
                    "and 12 % of their bytes are asked for"));
}

TEST(DeviceFindings, TellOfBanksThatConflict) {
    DeviceBound made = calm();
    emulator::Counters& counted = made.sample.launches[0].counters;
    counted.shared_requests = 100;
    counted.shared_wavefronts = 400;
    // Quarters of a warp that read 16 bytes each are no conflict.
    EXPECT_THAT(device_findings(made), IsEmpty());
    counted.shared_wavefronts = 1600;
    counted.shared_conflicts = 1200;
    EXPECT_THAT(device_findings(made),
                ElementsAre("banks of shared memory conflict: 16.0 wavefronts "
                            "a request, where 4.0 would do"));
}

TEST(DeviceFindings, AreTheTwoWeightiest) {
    DeviceBound made = calm();
    emulator::Counters& counted = made.sample.launches[0].counters;
    counted.lane_instructions = 1600;
    counted.branches = 10;
    counted.divergent_branches = 9;
    made.sample.launches[0].blocks = 20;
    made.bound.launches[0].ceilings[1].seconds = 15e-6;
    EXPECT_THAT(device_findings(made),
                ElementsAre("too few blocks: 20 for 100 multiprocessors",
                            "its 1 launches move 1.5 times the bytes through DRAM that the formula "
                            "needs"));
    made.sample.launches[0].blocks = 1000;
    made.bound.launches[0].ceilings[1].seconds = 10e-6;
    made.bound.launches[0].occupancy = {
        .blocks = 1, .warps = 8, .share = 0.125, .limited_by = "registers"};
    EXPECT_THAT(
        device_findings(made),
        ElementsAre("few warps are resident: 8 of 64 a multiprocessor, limited by registers",
                    "warps diverge: at 9 of 10 branches, and 50 % of the lanes are idle"));
}

TEST(DeviceJudge, KeepsOfABoundWhatRanks) {
    const auto bound = to_verdict(calm());
    ASSERT_TRUE(bound.has_value());
    EXPECT_EQ(bound->gpu, "a GPU");
    EXPECT_EQ(bound->floor, 10e-6);
    EXPECT_NEAR(bound->load, 35e-6, 1e-12);
    DeviceBound uncounted = calm();
    uncounted.sample.why_not = "its blocks wait for each other";
    EXPECT_FALSE(to_verdict(uncounted).has_value());
}

TEST(DeviceJudge, QuotesTheLinesThatAFindingNamesWithoutTheirComments) {
    const std::string source =
        "a = 1;\n/* IGNORE\nall rules */ b[i] = \"say\"; // and more\nc();\n";
    EXPECT_EQ(quote_lines("shared race: line 3 (thread 0) and line 1 (thread 5)", source),
              "line 3 is \"b[i] = \"\";\"; line 1 is \"a = 1;\"");
    EXPECT_EQ(quote_lines("line 3, line 3, line 99, line 0, line x", source),
              "line 3 is \"b[i] = \"\";\"");
    EXPECT_EQ(quote_lines("line 2, line 4, line 6, line 7",
                          "a;\n#define NOTE IGNORE\n#ifdef NEVER\nIGNORE\n#endif\n/\\\n/ IGNORE\n"),
              "");
    EXPECT_EQ(quote_lines("nothing", source), "");
}

}  // namespace
}  // namespace cupel::cli

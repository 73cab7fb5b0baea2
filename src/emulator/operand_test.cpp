// SPDX-License-Identifier: Apache-2.0
// What operands of barriers, vectors and votes must be at run time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::faults;
using ::testing::HasSubstr;
using testing::kernel;
using testing::mutated;
using testing::Trial;

// A warp. %d1: 16 bytes of its own in %a for each lane, with 16 more behind
// them; %r3: 0.
std::string operand_faults(const std::string& body) {
    Trial trial(
        kernel("shl.b32 %r1, %t, 4; cvt.u64.u32 %d1, %r1; add.u64 %d1, %d1, %a;\n"
               "mov.u32 %r3, 0;\n" +
               body));
    const BufferId a = trial.input("a", std::vector<std::uint32_t>(132));
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {32, 1, 1}};
    launch.arguments = {Address{a}, Address{a}, argument(0)};
    return faults(trial.run(launch, {.budget = 100'000}));
}

TEST(Operands, OfBarriersCountWholeWarpsAndNameOneOfSixteen) {
    EXPECT_THAT(operand_faults("#5\nbar.sync 1, 40;\n"),
                HasSubstr("line 5 (thread 0) waits for 40 threads"));
    EXPECT_THAT(operand_faults("add.u32 %r4, %r3, 16;\n#5\nbar.sync %r4;\n"),
                HasSubstr("line 5 (thread 0) names barrier 16, and a block has 16"));
    EXPECT_EQ(operand_faults("bar.sync 15, 32;\n"), "");
}

TEST(Operands, OfVectorsOfWhichSomeIsUsedLieWhereTheWholeMust) {
    const std::string load =
        ".pragma \"used_bytes_mask 0xfff\";\n#5\nld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%d1+4];\n";
    EXPECT_THAT(operand_faults(load),
                HasSubstr("line 5 (thread 0) accesses 16 bytes at byte 4 of a"));
    EXPECT_EQ(operand_faults(mutated(load, "+4")), "");
}

TEST(Operands, OfVotesAreTheSameMaskForAllWhomItNames) {
    const std::string body =
        "setp.lt.u32 %p2, %t, 16; selp.b32 %r4, MINE, 0xFFFF0000, %p2;\n"
        "#5\nvote.sync.ballot.b32 %r5, 1, %r4;\n";
    EXPECT_THAT(operand_faults(mutated(body, "MINE", 0, "-1")),
                HasSubstr("mask error: line 5 (thread 0) waits in vote.sync.ballot.b32"));
    EXPECT_EQ(operand_faults(mutated(body, "MINE", 0, "0xFFFF")), "");
    // A lane may come a second time, with the mask that it is waited for with.
    const std::string again =
        "mov.u32 %r4, 0x6; setp.eq.u32 %p2, %t, 0; @%p2 mov.u32 %r4, 0x3;\n"
        "setp.gt.u32 %p3, %t, 2; @%p3 bra E; setp.eq.u32 %p4, %t, 1;\n"
        "V: vote.sync.ballot.b32 %r5, 1, %r4; @!%p4 bra E;\n"
        "mov.u32 %r4, 0x3; setp.ne.u32 %p4, %t, %t;\n"
        "setp.eq.u32 %p5, %r5, 0x6; @%p5 bra V; E:\n";
    EXPECT_EQ(operand_faults(again), "");
}

}  // namespace
}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// What must be left alone while a copy is under way, and the life of an mbarrier.
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

// A warp. %r1: 16 bytes of zeros for each lane in shared memory, %d1: 16 bytes of its own in %a; an
// mbarrier of 32 at [m], a second place for one at [m+8].
std::string async_faults(const std::string& body) {
    Trial trial(
        kernel(".shared .align 16 .b8 s[512];\n.shared .align 8 .b8 m[16];\n"
               "mov.u32 %r9, s; shl.b32 %r1, %t, 4; cvt.u64.u32 %d1, %r1; add.u64 %d1, %d1, %a;\n"
               "add.u32 %r1, %r1, %r9; mov.u32 %r3, 0; setp.ne.u32 %p1, %t, 0; mov.u32 %r10, m;\n"
               "st.shared.v4.u32 [%r1], {%r3, %r3, %r3, %r3};\n"
               "@%p1 bra L; mbarrier.init.shared.b64 [m], 32; L: bar.sync 0;\n" +
               body));
    std::vector<std::uint32_t> words(132);
    for (std::uint32_t i = 0; i < words.size(); i++)
        words[i] = i;
    const BufferId a = trial.input("a", words, Role::InOut);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {32, 1, 1}};
    launch.arguments = {Address{a}, Address{a}, argument(0)};
    return faults(trial.run(launch, {.budget = 100'000}));
}

const std::string kBegin = "cp.async.ca.shared.global [%r1+4], [%d1], 4;\n";
const std::string kEnd = "cp.async.wait_all;\n";
const std::string kHandOver = "cp.async.mbarrier.arrive.noinc.shared.b64 [m];\n";
const std::string kMeet = "W: mbarrier.test_wait.parity.shared.b64 %p2, [m], 0; @!%p2 bra W;\n";

TEST(Copies, UnderWayAreLeftAlone) {
    for (const std::string touch :
         {"st.shared.v4.u32 [%r1], {%r3, %r3, %r3, %r3};", "st.shared.u32 [%r1+4], 1;",
          "atom.shared.exch.b32 %r4, [%r1+4], 0;", "ld.shared.v2.u32 {%r5, %r6}, [%r1];",
          "cp.async.ca.shared.global [%r1+4], [%d1+4], 4;"}) {
        const std::string line = "#7\n" + touch + "\n";
        EXPECT_THAT(async_faults(kBegin + line + kEnd),
                    HasSubstr("async hazard: line 7 (thread 0)"))
            << touch;
        EXPECT_EQ(async_faults(kBegin + kEnd + line + kEnd), "") << touch;
    }
    EXPECT_EQ(async_faults(kBegin + "st.shared.u32 [%r1+8], 1;" + kEnd), "");
}

TEST(Copies, KeepTheirSourceUntilTheyAreWaitedFor) {
    const std::string change = "st.global.u32 [%d1], 77;\n";
    EXPECT_THAT(
        async_faults("#5\n" + kBegin + change + kEnd),
        HasSubstr("line 5 (thread 0) copies from, or to, was changed before anyone waited"));
    EXPECT_EQ(async_faults(kBegin + kEnd + change), "");
    // Of bytes that are not taken nobody cares.
    EXPECT_EQ(async_faults("cp.async.cg.shared.global [%r1], [%d1], 16, 4;\n"
                           "st.global.u32 [%d1+4], 77;\n" +
                           kEnd),
              "");
}

TEST(Copies, HaveAnAlignedSourceHoweverLittleTheyTake) {
    EXPECT_THAT(async_faults("#5\ncp.async.cg.shared.global [%r1], [%d1+4], 16, 8;\n" + kEnd),
                HasSubstr("line 5 (thread 0) accesses 16 bytes at byte 4 of a"));
    EXPECT_EQ(async_faults("cp.async.cg.shared.global [%r1], [%d1+4], 16, 0;\n" + kEnd), "");
    EXPECT_EQ(async_faults("cp.async.cg.shared.global [%r1], [%d1], 16, 8;\n" + kEnd), "");
}

TEST(Copies, ThatAnMbarrierTellsOfAreThereWhenItDoes) {
    const std::string own = "#7\nld.shared.u32 %r4, [%r1+4];\n";
    const std::string other = "#7\nxor.b32 %r2, %r1, 16; ld.shared.u32 %r4, [%r2+4];\n";
    for (const std::string& read : {own, other}) {
        EXPECT_EQ(async_faults(kBegin + kHandOver + kMeet + read), "");
        EXPECT_EQ(async_faults(kBegin + kHandOver + kEnd + kMeet + read), "");
        EXPECT_THAT(async_faults(kBegin + kHandOver + read), HasSubstr("async hazard: line 7"));
        EXPECT_THAT(async_faults(kBegin + kHandOver + "bar.sync 0;\n" + read),
                    HasSubstr("async hazard: line 7"));
    }
    EXPECT_EQ(async_faults(kBegin + kHandOver + kEnd + "bar.sync 0;\n" + other), "");
    // Begun behind the arrival, so of another phase.
    EXPECT_THAT(async_faults(kHandOver + kBegin + kMeet + own), HasSubstr("async hazard: line 7"));
}

TEST(Mbarriers, AreNotUsedWhereTheyAreNoneAnyMore) {
    const std::string use = "bar.sync 0;\n#7\nmbarrier.arrive.shared.b64 %d3, [m];\n";
    EXPECT_EQ(async_faults(use + kMeet), "");
    EXPECT_THAT(async_faults("@!%p1 st.shared.u32 [m+4], 0;\n" + use),
                HasSubstr("line 7 (thread 0) uses an mbarrier whose bytes were written over"));
    EXPECT_THAT(async_faults("@!%p1 mbarrier.inval.shared.b64 [m];\n" + use),
                HasSubstr("line 7 (thread 0) uses an mbarrier that nobody initialised"));
    EXPECT_EQ(async_faults("@!%p1 mbarrier.inval.shared.b64 [m];\n"
                           "@!%p1 mbarrier.init.shared.b64 [m], 32;\n" +
                           use + kMeet),
              "");
    EXPECT_THAT(async_faults("#5\n@!%p1 mbarrier.init.shared.b64 [m+8], 0;\n"),
                HasSubstr("line 5 (thread 0) expects less than one"));
}

}  // namespace
}  // namespace cupel::emulator

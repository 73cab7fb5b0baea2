// SPDX-License-Identifier: Apache-2.0
// Ways on which a clock could come into an answer unseen.
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

// A warp that stores %r1 to its words of %b. %r9: 256 bytes of zeros in shared memory, with an
// mbarrier of 32 behind them; in %a are 64 words of 0. %r8: 0, as a clock has it; %p8: it is 0.
std::string said_of(const std::string& body) {
    Trial trial(
        kernel(".shared .align 16 .b8 s[264];\n"
               "mov.u32 %r9, s; shl.b32 %r5, %t, 3; add.u32 %r10, %r5, %r9; mov.u64 %d1, 0;\n"
               "st.shared.u64 [%r10], %d1; setp.ne.u32 %p1, %t, 0;\n"
               "@%p1 bra L; mbarrier.init.shared.b64 [%r9+256], 32; L: bar.sync 0;\n"
               "mov.u32 %r8, %clock; and.b32 %r8, %r8, 0; setp.eq.u32 %p8, %r8, 0;\n"
               "mov.u32 %r1, 0; mov.u32 %r2, 0; mov.u32 %r3, 0; cvt.u64.u32 %d8, %r8;\n" +
               body +
               "\nshl.b32 %r5, %t, 2; cvt.u64.u32 %d5, %r5; add.u64 %d5, %d5, %b;\n"
               "st.global.u32 [%d5], %r1;\n"));
    const BufferId a = trial.input("a", std::vector<std::uint32_t>(64));
    const BufferId b = trial.output("b", 128);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {32, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    return faults(trial.run(launch));
}

// Of a body with %r8, %d8 or %p8 in one place; what has nothing to do with a clock is clean.
void expect_told(const std::string& body, const std::string& clock, const std::string& instead) {
    EXPECT_THAT(said_of(body), HasSubstr("clock")) << body;
    EXPECT_EQ(said_of(mutated(body, clock, 0, instead)), "") << body;
}

TEST(Laundry, AClockDoesNotChooseWhatAShuffleTakes) {
    expect_told("shfl.sync.idx.b32 %r1, %t, 0, %r8, -1;", "%r8", "31");
    expect_told("shfl.sync.idx.b32 %r1, %t, 0, 31, %r8;", "%r8", "-1");
    expect_told("or.b32 %r8, %r8, -1; vote.sync.ballot.b32 %r1, 1, %r8;", "%r8, -1", "-1, -1");
    expect_told("or.b32 %r8, %r8, -1; redux.sync.add.u32 %r1, %t, %r8;", "%r8, -1", "-1, -1");
}

TEST(Laundry, AClockDoesNotChooseWhatAnMbarrierIsAsked) {
    const std::string ask =
        "mbarrier.test_wait.parity.shared.b64 %p2, [%r9+256], %r8; selp.u32 %r1, 1, 0, %p2;";
    expect_told(ask, "%r8", "0");
    expect_told("add.u32 %r9, %r9, %r8;" + mutated(ask, "%r8", 0, "0"), "%r9, %r8", "%r9, 0");
}

TEST(Laundry, AClockDoesNotDecideWhatAGuardLetsPass) {
    // Whether it was brought or not, and of one value too.
    for (const std::string load : {"@%p8 mov.u32 %r1, 7;", "@!%p8 mov.u32 %r1, 7;"})
        expect_told(load, load.substr(0, load.find("mov")), "");
    expect_told("@%p8 setp.eq.u32 %p8, %t, 3; selp.u32 %r1, 1, 0, %p8;", "@%p8 ", "");
    expect_told("@%p8 shfl.sync.idx.b32 %r1, %t, 0, 31, -1;", "@%p8 ", "");
    expect_told("@!%p8 ld.shared.v2.u32 {%r2, %r1}, [%r9];", "@!%p8 ", "");
    const std::string load = "@%p8 ld.shared.v2.u32 {%r2, %r1}, [%r9];";
    expect_told(load, "@%p8 ", "");
    EXPECT_EQ(said_of(load + "mov.u32 %r1, 0;"), "");
}

TEST(Laundry, AClockDoesNotChooseWhatACopyBrings) {
    const std::string get = "cp.async.wait_all; ld.shared.u32 %r1, [%r10];";
    expect_told("add.u64 %d8, %d8, %a; cp.async.ca.shared.global [%r10], [%d8], 4;" + get,
                "%d8, %d8, %a", "%d8, 0, %a");
    expect_told("cp.async.ca.shared.global [%r10], [%a], 4, %r8;" + get, "%r8", "4");
    EXPECT_THAT(said_of("add.u64 %d9, %d30, %a; sub.u64 %d9, %d9, %d30;\n"
                        "cp.async.ca.shared.global [%r10], [%d9], 4;" +
                        get),
                HasSubstr("comes from memory that nobody wrote"));
}

TEST(Laundry, AClockDoesNotChooseABarrier) {
    expect_told("bar.red.popc.u32 %r1, %r8, 1;", "%r8", "0");
    expect_told("add.u32 %r8, %r8, 32; bar.red.popc.u32 %r1, 1, %r8, 1;", "%r8, %r8", "%r8, 0");
}

}  // namespace
}  // namespace cupel::emulator

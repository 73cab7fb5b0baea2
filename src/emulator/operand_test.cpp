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

// A warp. %d1: 16 bytes of its own in %a for each lane, with 16 more behind them; %r3: 0.
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

}  // namespace
}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// Spellings of inline PTX that are in CUDA's headers and in public kernels.
#include <gmock/gmock.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::ElementsAre;
using testing::faults;
using testing::kernel;
using testing::Trial;

std::vector<std::uint32_t> spelt(const std::string& body) {
    Trial trial(kernel(body + "\nmul.wide.u32 %d8, %t, 4; add.u64 %d7, %b, %d8;\n"
                              "st.global.u32 [%d7], %r1;"));
    const BufferId in = trial.input("a", std::vector<std::uint32_t>(4));
    const BufferId out = trial.output("out", 16);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {4, 1, 1}};
    launch.arguments = {Address{in}, Address{out}, argument(4U)};
    EXPECT_EQ(faults(trial.run(launch)), "");
    return trial.read<std::uint32_t>(out);
}

TEST(Spellings, DirectivesMayTouch) {
    EXPECT_THAT(spelt("{.reg.b32 f, C;\n mov.b32 C, 0x10U; add.u32 f, C, %t; mov.b32 %r1, f;}"),
                ElementsAre(16, 17, 18, 19));
}

TEST(Spellings, OfAVoteTheModeMayComeFirst) {
    EXPECT_THAT(spelt("setp.gt.u32 %p1, %t, 1; vote.ballot.sync.b32 %r1, %p1, 15;"),
                ElementsAre(12, 12, 12, 12));
}

TEST(Spellings, LaunchesThatOverlapElsewhereFollowEachOtherHere) {
    EXPECT_THAT(spelt("griddepcontrol.launch_dependents; griddepcontrol.wait; mov.u32 %r1, %t;"),
                ElementsAre(0, 1, 2, 3));
}

}  // namespace
}  // namespace cupel::emulator

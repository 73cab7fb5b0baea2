// SPDX-License-Identifier: Apache-2.0
// Parameters whose addresses a kernel computes with.
#include <gmock/gmock.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::ElementsAre;
using testing::faults;
using ::testing::HasSubstr;
using testing::Trial;

constexpr std::string_view kParameterHead = ".version 8.0\n.target sm_80\n.address_size 64\n";

// k(pointer, {16 bytes}): `body` puts what thread %t stores into %r1; %w is the address of the
// second parameter.
std::string with_structure(const std::string& body) {
    return std::string(kParameterHead) +
           ".visible .entry k(.param .u64 q, .param .align 8 .b8 s[16]) {\n"
           ".reg .b16 %h<9>; .reg .b32 %r<9>, %t; .reg .b64 %d<9>, %w; .reg .pred %p<9>;\n"
           "mov.b64 %w, s; mov.u32 %t, %tid.x;\n" +
           body +
           "\nld.param.u64 %d7, [q]; mul.wide.u32 %d8, %t, 4; add.u64 %d7, %d7, %d8;\n"
           "st.global.u32 [%d7], %r1; ret;\n}\n";
}

struct Structured {
    std::vector<std::uint32_t> out;
    Report report;
};
Structured run_structure(const std::string& ptx, const std::array<std::uint32_t, 4>& structure) {
    Trial trial(ptx);
    const BufferId out = trial.output("out", 16);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {4, 1, 1}};
    launch.arguments = {Address{out}, argument(structure)};
    Report report = trial.run(launch);
    return {.out = trial.read<std::uint32_t>(out), .report = std::move(report)};
}

constexpr std::string_view kIndexed =
    "mul.wide.u32 %d1, %t, 4; add.u64 %d1, %w, %d1;\n"
    "ld.param.u32 %r1, [%d1];";

TEST(Parameters, AreIndexedByThread) {
    const Structured ran = run_structure(with_structure(std::string(kIndexed)), {7, 8, 9, 10});
    EXPECT_EQ(faults(ran.report), "");
    EXPECT_THAT(ran.out, ElementsAre(7, 8, 9, 10));
    // They are no traffic: what is counted is the store alone.
    EXPECT_EQ(ran.report.counters.global_requests, 1U);
}

TEST(Parameters, AreReadAsBytesWithTheirSign) {
    const Structured ran =
        run_structure(with_structure("cvt.u64.u32 %d1, %t; add.u64 %d1, %w, %d1;\n"
                                     "ld.param.s8 %h1, [%d1+1]; cvt.s32.s16 %r1, %h1;"),
                      {0x8302'0100, 0xFF, 0, 0});
    EXPECT_EQ(faults(ran.report), "");
    EXPECT_THAT(ran.out, ElementsAre(1, 2, 0xFFFF'FF83, 0xFFFF'FFFF));
}

TEST(Parameters, HaveGenericAddresses) {
    const Structured ran =
        run_structure(with_structure("cvta.param.u64 %d1, %w; mul.wide.u32 %d2, %t, 4;\n"
                                     "add.u64 %d3, %d1, %d2; ld.u32 %r1, [%d3];\n"
                                     "cvta.to.param.u64 %d4, %d3; ld.param.u32 %r2, [%d4];\n"
                                     "add.u32 %r1, %r1, %r2;"),
                      {1, 2, 3, 4});
    EXPECT_EQ(faults(ran.report), "");
    EXPECT_THAT(ran.out, ElementsAre(2, 4, 6, 8));
}

TEST(Parameters, OfEachLaunchAreItsOwn) {
    Trial trial(with_structure(std::string(kIndexed)));
    const BufferId out = trial.output("out", 16);
    for (const std::uint32_t first : {5U, 6U}) {
        Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {4, 1, 1}};
        launch.arguments = {Address{out}, argument(std::array{first, 1U, 2U, 3U})};
        EXPECT_EQ(faults(trial.run(launch)), "");
        EXPECT_EQ(trial.read<std::uint32_t>(out)[0], first);
    }
}

TEST(Parameters, EndWhereTheyEnd) {
    const Structured ran =
        run_structure(with_structure("mul.wide.u32 %d1, %t, 4; add.u64 %d1, %w, %d1;\n"
                                     "ld.param.u32 %r1, [%d1+4];"),
                      {7, 8, 9, 10});
    EXPECT_THAT(faults(ran.report), HasSubstr("past the end of the parameters of the kernel"));
}

TEST(Parameters, AreNotWrittenThroughTheirAddress) {
    const Structured ran = run_structure(
        with_structure("cvta.param.u64 %d1, %w; mov.u32 %r1, 0; st.u32 [%d1], %t;"), {1, 2, 3, 4});
    EXPECT_NE(faults(ran.report), "");
}

TEST(Parameters, WithoutCvtaAreNoGenericAddress) {
    const Structured ran = run_structure(with_structure("ld.u32 %r1, [%w];"), {1, 2, 3, 4});
    EXPECT_THAT(faults(ran.report), HasSubstr("where there is nothing"));
}

}  // namespace
}  // namespace cupel::emulator

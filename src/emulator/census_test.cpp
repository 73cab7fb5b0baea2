// SPDX-License-Identifier: Apache-2.0
#include "emulator/census.hpp"

#include <gmock/gmock.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kCensusHead = ".version 8.0\n.target sm_80\n.address_size 64\n";

std::vector<std::string> refused(const Decoding& decoding) {
    std::vector<std::string> names;
    for (const Refusal& refusal : decoding.refusals)
        names.push_back(refusal.what);
    return names;
}

TEST(Census, WhatOneKernelIsRefusedForCondemnsNoOther) {
    const auto found = census(std::string(kCensusHead) + R"(
.global .texref t;
)",
                              "t.ptx");
    EXPECT_FALSE(found);  // of the old kind, which CUDA 12 took away

    const auto kernels = census(std::string(kCensusHead) + R"(
.visible .entry texture(.param .u64 q) {
.reg .b32 %r<9>; .reg .f32 %f<9>; .reg .b64 %rd<3>; .reg .pred p;
ld.param.u64 %rd1, [q];
tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [%rd1, {%f5, %f6}];
tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [%rd1, {%f5, %f6}];
tex.1d.v4.s32.s32 {%r1, %r2, %r3, %r4}, [%rd1, {%r5}];
call.uni elsewhere, (q);
ret;
}
.visible .entry plain() { ret; }
)",
                                "t.ptx");
    ASSERT_TRUE(kernels) << kernels.error().text;
    ASSERT_EQ(kernels->size(), 2U);
    EXPECT_THAT(refused((*kernels)[0]),
                ElementsAre("tex.2d.v4.f32.f32", "tex.1d.v4.s32.s32", "call elsewhere"));
    EXPECT_THAT((*kernels)[0].refusals[0].why, HasSubstr("is not an instruction"));
    EXPECT_EQ((*kernels)[1].kernel, "plain");
    EXPECT_THAT(refused((*kernels)[1]), IsEmpty());
}

TEST(Census, OfMoreMemoryThanThereIsNoInstructionIsBlamed) {
    const auto found =
        census(std::string(kCensusHead) + ".entry k() { .shared .b8 s[300000]; ret; }", "t.ptx");
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_THAT(refused(found->at(0)), ElementsAre("memory"));
}

TEST(Census, GoldenKernelsAreKnownWhole) {
    for (const std::string name : {"hist", "gemm"}) {
        const auto found = census(testing::golden_text(CUPEL_ROOT, name), name);
        ASSERT_TRUE(found) << found.error().text;
        ASSERT_FALSE(found->empty());
        for (const Decoding& decoding : *found)
            EXPECT_THAT(refused(decoding), IsEmpty()) << decoding.kernel;
    }
}

}  // namespace
}  // namespace cupel::emulator

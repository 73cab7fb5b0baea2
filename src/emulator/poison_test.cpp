// SPDX-License-Identifier: Apache-2.0
// Which bytes of a register are poison, by whether what is made of them may reach an answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::faults;
using ::testing::HasSubstr;
using testing::kernel;
using testing::Trial;

// A warp that stores %r1 to its words of the answer. Nobody writes %r20, %r21, %d20 or %h20, nor
// bytes 4 to 7 of every eight in shared memory, which begins at %r9; %r10: this thread's eight.
// In %a are 256 bytes of scratch, not written either.
std::string told_of(const std::string& body) {
    Trial trial(
        kernel(".shared .align 16 .b8 s[512];\n.reg .b16 %h<30>;\n"
               "mov.u32 %r9, s; shl.b32 %r10, %t, 3; add.u32 %r10, %r10, %r9;\n"
               "st.shared.u32 [%r10], %t; bar.sync 0; mov.u32 %r1, 1; cvt.u64.u32 %d1, %t;\n" +
               body +
               "\nshl.b32 %r5, %t, 2; cvt.u64.u32 %d5, %r5; add.u64 %d5, %d5, %b;\n"
               "st.global.u32 [%d5], %r1;\n"));
    const BufferId a = trial.output("a", 256, Role::Scratch);
    const BufferId b = trial.output("b", 128);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {32, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    return faults(trial.run(launch));
}

void expect_clean(const std::string& body) {
    EXPECT_EQ(told_of(body), "") << body;
}
void expect_poison(const std::string& body) {
    EXPECT_THAT(told_of(body), HasSubstr("nobody wrote")) << body;
}

TEST(Poison, OfAHalfStaysInThatHalf) {
    const std::string packed = "mov.b64 %d2, {%r1, %r20}; ";
    expect_clean(packed + "cvt.u32.u64 %r1, %d2;");
    expect_clean(packed + "mov.b64 {%r1, %r2}, %d2;");
    expect_clean(packed + "mov.b64 %d3, %d2; and.b64 %d4, %d3, 0xFFFFFFFF; cvt.u32.u64 %r1, %d4;");
    expect_clean(packed + "shl.b64 %d3, %d2, 32; shr.u64 %d4, %d3, 32; cvt.u32.u64 %r1, %d4;");
    expect_poison(packed + "mov.b64 {%r2, %r1}, %d2;");
    expect_poison(packed + "shr.u64 %d3, %d2, 32; cvt.u32.u64 %r1, %d3;");
    expect_poison(packed + "shr.u64 %d3, %d2, 24; cvt.u32.u64 %r1, %d3;");
    expect_poison(packed + "add.u64 %d3, %d2, 0; cvt.u32.u64 %r1, %d3;");
    expect_poison(packed + "shl.b64 %d2, %d2, 0; cvt.u32.u64 %r1, %d2;");  // in its own place
}

TEST(Poison, OfAQuarterStaysInThatQuarter) {
    const std::string packed =
        "cvt.u16.u32 %h1, %t; mov.b64 %d2, {%h1, %h20, %h1, %h1}; mov.b64 {%r2, %r3}, %d2; ";
    expect_clean(packed + "mov.b32 %r1, %r3;");
    expect_clean(packed + "and.b32 %r1, %r2, 0xFFFF;");
    expect_clean(packed + "prmt.b32 %r1, %r2, %r3, 0x5410;");
    expect_clean(packed + "bfe.u32 %r1, %r2, 4, 12;");
    expect_clean(packed + "cvt.u32.u16 %r1, %h1; bfi.b32 %r4, %r3, %r2, 16, 16; mov.b32 %r1, %r4;");
    expect_poison(packed + "mov.b32 %r1, %r2;");
    expect_poison(packed + "and.b32 %r1, %r2, 0x1FFFF;");
    expect_poison(packed + "prmt.b32 %r1, %r2, %r3, 0x5420;");
    expect_poison(packed + "bfe.u32 %r1, %r2, 4, 13;");
    expect_poison(packed + "bfe.s32 %r1, %r2, 15, 2;");
    expect_poison(packed + "shl.b32 %r4, %r2, 8; and.b32 %r1, %r4, 0xFF000000;");
}

TEST(Poison, OfPaddingIsCopiedAndIsNoFault) {
    const std::string load = "ld.shared.b64 %d2, [%r10]; ";
    const std::string again = "ld.shared.u32 %r1, ";
    expect_clean(load + "st.shared.b64 [%r10+256], %d2; bar.warp.sync -1; " + again +
                 "[%r10+256];");
    expect_poison(load + "st.shared.b64 [%r10+256], %d2; bar.warp.sync -1; " + again +
                  "[%r10+260];");
    expect_clean("ld.shared.v2.b32 {%r1, %r2}, [%r10];");
    expect_poison("ld.shared.v2.b32 {%r2, %r1}, [%r10];");
    // Into one register, of which the second part stays.
    expect_poison(
        "st.shared.u8 [%r10+256], %t; st.shared.u16 [%r10+257], 7;"
        "ld.shared.v2.b32 {%r2, %r2}, [%r10+256]; and.b32 %r1, %r2, 0xFFFF;");
    // Copied behind the back of the registers.
    const std::string copy =
        "mov.u64 %d2, 5; shl.b32 %r4, %t, 3; cvt.u64.u32 %d3, %r4; add.u64 %d3, %d3, %a;"
        "st.global.u16 [%d3], 9; cp.async.ca.shared.global [%r10+256], [%d3], 8;"
        "cp.async.wait_all; ld.shared.u16 %r1, ";
    expect_clean(copy + "[%r10+256];");
    expect_poison(copy + "[%r10+258];");
    expect_poison(copy + "[%r10+262];");
    expect_clean(
        "ld.shared.b64 %d2, [%r10]; setp.lt.u32 %p1, %t, 9; selp.b64 %d3, %d2, %d1, %p1;"
        "cvt.u32.u64 %r1, %d3;");
    expect_poison(
        "ld.shared.b64 %d2, [%r10]; setp.lt.u32 %p1, %t, 9;"
        "selp.b64 %d3, %d2, %d1, %p1; mov.b64 {%r2, %r1}, %d3;");
    // A byte with nothing behind it.
    const std::string byte = "st.shared.u8 [%r10+4], %t; ld.shared.u32 %r2, [%r10+4]; ";
    expect_clean(byte + "and.b32 %r1, %r2, 255;");
    expect_clean(byte + "shfl.sync.bfly.b32 %r3, %r2, 1, 31, -1; and.b32 %r1, %r3, 255;");
    expect_clean(byte + "shfl.sync.bfly.b32 %r3, %r2, 1, 31, -1; cvt.s32.s8 %r1, %r3;");
    expect_clean("st.shared.u8 [%r10+5], %t; ld.shared.s16 %r2, [%r10+4]; shr.u32 %r1, %r2, 8;");
    expect_poison(byte + "mov.b32 %r1, %r2;");
    expect_poison(byte + "shfl.sync.bfly.b32 %r3, %r2, 1, 31, -1; and.b32 %r1, %r3, 256;");
    expect_poison(byte + "ld.shared.s16 %r3, [%r10+4]; shr.u32 %r1, %r3, 31;");
}

TEST(Poison, IsNotLostAmongBits) {
    expect_poison("xor.b32 %r1, %r20, %r21;");
    expect_poison("not.b32 %r2, %r20; and.b32 %r1, %r2, %r20;");
    expect_poison("lop3.b32 %r1, %r20, %r21, %t, 0x01;");
    expect_poison("lop3.b32 %r1, %r20, %r21, %r22, 0xE8;");
    // Of one bit, for every lane: nothing here may be left to chance.
    for (const char* table : {"0x20", "0x08", "0x60", "0x02", "0x80", "0x40"}) {
        expect_poison("mov.u32 %r2, 64; lop3.b32 %r1, %r20, %r21, %r2, " + std::string(table) +
                      ";");
    }
    expect_clean("lop3.b32 %r1, %r20, %r20, %t, 0x20;");  // a & ~a & c
    expect_poison("shl.b32 %r1, %t, %r20;");
    expect_poison("bfe.u32 %r1, %t, %r20, 1;");
    expect_poison("prmt.b32 %r1, %t, %t, %r20;");
    expect_poison("shfl.sync.idx.b32 %r1, %t, %r20, 31, -1;");
    expect_poison("cvt.sat.u8.u32 %r1, %r20;");
    expect_clean("and.b32 %r1, %r20, 0;");
    expect_clean("or.b32 %r1, %r20, -1;");
}

// What was known of a register's bytes is no longer when something else is put there.
TEST(Poison, OfWhatIsOverwrittenIsForgotten) {
    const std::string packed = "mov.b64 %d2, {%r1, %r20}; ";
    expect_poison(packed + "mov.b64 %d2, %d20; cvt.u32.u64 %r1, %d2;");
    expect_poison(packed + "add.u64 %d2, %d2, %d20; cvt.u32.u64 %r1, %d2;");
    expect_clean(packed + "mov.b64 %d2, %d1; mov.b64 {%r2, %r1}, %d2;");
    expect_poison(packed + "setp.lt.u32 %p1, %t, 9; @%p1 mov.b64 %d2, %d20; cvt.u32.u64 %r1, %d2;");
    expect_clean(packed + "setp.lt.u32 %p1, %t, 9; @%p1 mov.b64 %d2, %d1; cvt.u32.u64 %r1, %d2;");
}

}  // namespace
}  // namespace cupel::emulator

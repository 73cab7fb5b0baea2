// SPDX-License-Identifier: Apache-2.0
// Single instructions against what the instruction set says of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::kernel;
using testing::Trial;

// One 32-bit result of an instruction on 32-bit operands %r1, %r2, %r3.
std::uint32_t result(const std::string& code, std::uint32_t a, std::uint32_t b = 0,
                     std::uint32_t c = 0) {
    Trial trial(
        kernel("ld.global.u32 %r1, [%a]; ld.global.u32 %r2, [%a+4]; ld.global.u32 %r3, [%a+8];\n"
               "mov.b32 %f1, %r1; mov.b32 %f2, %r2; mov.b32 %f3, %r3;\n" +
               code + "\nst.global.u32 [%b], %r9;"));
    const BufferId in = trial.input("in", std::vector{a, b, c});
    const BufferId out = trial.output("out", 4);
    const Report report =
        trial.run({.kernel = "k", .arguments = {Address{in}, Address{out}, argument(0)}});
    EXPECT_EQ(testing::faults(report), "") << code;
    return trial.read<std::uint32_t>(out)[0];
}
std::uint32_t bits(float value) {
    return std::bit_cast<std::uint32_t>(value);
}
std::uint32_t result_f(const std::string& op, float a, float b = 0, float c = 0) {
    return result(op + " mov.b32 %r9, %f9;", bits(a), bits(b), bits(c));
}

constexpr std::uint32_t kMinus = 0x8000'0000;

// As coarse as an H200 has them, and no coarser.
TEST(Alu, ApproximationsMissTheTruthAsFarAsSiliconDoes) {
    struct Function {
        std::string name;
        double (*truth)(double);
        double from, to, most;  // absolute
    };
    const std::vector<Function> functions = {
        {"tanh.approx.f32", [](double x) { return std::tanh(x); }, 0.5, 4, 8.1e-6},
        {"lg2.approx.f32", [](double x) { return std::log2(x); }, 0.55, 1.8, 2.5e-7},
        {"sin.approx.f32", [](double x) { return std::sin(x); }, -3, 3, 3.8e-7},
        {"cos.approx.f32", [](double x) { return std::cos(x); }, -3, 3, 4.4e-7},
    };
    for (const Function& function : functions) {
        double worst = 0;
        for (int i = 0; i < 400; ++i) {
            const auto x =
                static_cast<float>(function.from + (function.to - function.from) * i / 400);
            const auto bits = result_f(function.name + " %f9, %f1;", x);
            const auto got = static_cast<double>(std::bit_cast<float>(bits));
            const double error = got - function.truth(static_cast<double>(x));
            worst = std::max(worst, std::abs(error));
        }
        EXPECT_LE(worst, function.most) << function.name;
        EXPECT_GE(worst, function.most / 2) << function.name;
    }
    EXPECT_EQ(result_f("lg2.approx.f32 %f9, %f1;", 1), bits(0.0F));
    EXPECT_EQ(result_f("sin.approx.f32 %f9, %f1;", -0.0F), kMinus);
    EXPECT_EQ(result_f("cos.approx.f32 %f9, %f1;", 0), bits(1.0F));
    EXPECT_EQ(result_f("tanh.approx.f32 %f9, %f1;", 40), bits(1.0F));
}

TEST(Alu, EachPredicateOfAnOperationIsNegatedByItself) {
    const auto of = [](const std::string& op, std::uint32_t a, std::uint32_t b) {
        return result("setp.ne.u32 %p1, %r1, 0; setp.ne.u32 %p2, %r2, 0;\n" + op +
                          "\nselp.u32 %r9, 1, 0, %p3;",
                      a, b);
    };
    for (std::uint32_t a = 0; a < 2; ++a) {
        EXPECT_EQ(of("not.pred %p3, %p1;", a, 0), 1 - a);
        EXPECT_EQ(of("not.pred %p3, !%p1;", a, 0), a);
        EXPECT_EQ(of("mov.pred %p3, !%p1;", a, 0), 1 - a);
        for (std::uint32_t b = 0; b < 2; ++b) {
            EXPECT_EQ(of("and.pred %p3, %p1, !%p2;", a, b), a & (1 - b));
            EXPECT_EQ(of("and.pred %p3, !%p1, %p2;", a, b), (1 - a) & b);
            EXPECT_EQ(of("or.pred %p3, !%p1, !%p2;", a, b), (1 - a) | (1 - b));
            EXPECT_EQ(of("or.pred %p3, %p1, %p2;", a, b), a | b);
            EXPECT_EQ(of("xor.pred %p3, !%p1, !%p2;", a, b), a ^ b);
            EXPECT_EQ(of("xor.pred %p3, %p1, !%p2;", a, b), a ^ (1 - b));
            EXPECT_EQ(of("setp.ne.and.u32 %p3, %r1, 0, !%p2;", a, b), a & (1 - b));
        }
    }
}

TEST(Alu, IntegersWrapAndShiftsSaturate) {
    EXPECT_EQ(result("add.s32 %r9, %r1, %r2;", 0x7FFF'FFFF, 1), kMinus);
    EXPECT_EQ(result("mul.hi.s32 %r9, %r1, %r2;", kMinus, 2), 0xFFFF'FFFF);
    EXPECT_EQ(result("mul.hi.u32 %r9, %r1, %r2;", kMinus, 2), 1U);
    EXPECT_EQ(result("shl.b32 %r9, %r1, %r2;", 1, 32), 0U);
    EXPECT_EQ(result("shr.s32 %r9, %r1, %r2;", kMinus, 100), 0xFFFF'FFFF);
    EXPECT_EQ(result("div.s32 %r9, %r1, %r2;", kMinus, 0xFFFF'FFFF), kMinus);
    EXPECT_EQ(result("rem.s32 %r9, %r1, %r2;", 0xFFFF'FFF9, 3), 0xFFFF'FFFF);
    EXPECT_EQ(result("add.sat.s32 %r9, %r1, %r2;", 0x7FFF'FFFF, 1), 0x7FFF'FFFFU);
    EXPECT_EQ(result("abs.s32 %r9, %r1;", kMinus), kMinus);
    EXPECT_EQ(result("mad24.lo.u32 %r9, %r1, %r2, %r3;", 0xFF00'0003, 5, 7), 22U);
    EXPECT_EQ(result("dp4a.s32.u32 %r9, %r1, %r2, %r3;", 0xFF02'0304, 0x0101'0101, 10), 18U);
}

TEST(Alu, BitsAreExtractedInsertedAndPermuted) {
    EXPECT_EQ(result("bfe.s32 %r9, %r1, 4, 4;", 0xF0), 0xFFFF'FFFF);
    EXPECT_EQ(result("bfe.u32 %r9, %r1, 28, 8;", 0xF000'0000), 0xFU);
    EXPECT_EQ(result("bfi.b32 %r9, %r1, %r2, 8, 8;", 0xAB, 0x1111'1111), 0x1111'AB11U);
    EXPECT_EQ(result("prmt.b32 %r9, %r1, %r2, 0x7531;", 0x3322'1100, 0x7766'5544), 0x7755'3311U);
    EXPECT_EQ(result("prmt.b32 %r9, %r1, %r2, 0x8;", 0x80, 0),
              0xFFU | 0x80'8080'00U << 0 | 0x8080'8000U);
    EXPECT_EQ(result("lop3.b32 %r9, %r1, %r2, %r3, 0x96;", 0xF0, 0xCC, 0xAA),
              (0xF0U ^ 0xCCU ^ 0xAAU));
    EXPECT_EQ(result("shf.l.wrap.b32 %r9, %r1, %r2, 36;", 0xF000'0000, 1), 0x1FU);
    EXPECT_EQ(result("brev.b32 %r9, %r1;", 1), kMinus);
    EXPECT_EQ(result("clz.b32 %r9, %r1;", 0), 32U);
    EXPECT_EQ(result("bfind.s32 %r9, %r1;", 0xFFFF'FFFE), 0U);
    EXPECT_EQ(result("mov.b32 {%h1, %h2}, %r1; mov.b32 %r9, {%h2, %h1};", 0x1234'5678),
              0x5678'1234U);
}

TEST(Alu, FloatsRoundAsTheyAreTold) {
    const float tiny = std::ldexp(1.0F, -30);
    EXPECT_EQ(result_f("add.rn.f32 %f9, %f1, %f2;", 1, tiny), bits(1));
    EXPECT_EQ(result_f("add.rp.f32 %f9, %f1, %f2;", 1, tiny), bits(std::nextafter(1.0F, 2.0F)));
    EXPECT_EQ(result_f("add.rm.f32 %f9, %f1, %f2;", 1, -tiny), bits(std::nextafter(1.0F, 0.0F)));
    EXPECT_EQ(result_f("add.rz.f32 %f9, %f1, %f2;", -1, tiny), bits(-std::nextafter(1.0F, 0.0F)));
    EXPECT_EQ(result_f("fma.rn.f32 %f9, %f1, %f1, %f2;", 1 + 0x1p-12F, -(1 + 0x1p-11F)),
              bits(0x1p-24F));
    EXPECT_EQ(result_f("mul.ftz.f32 %f9, %f1, %f2;", 0x1p-100F, -0x1p-40F), kMinus);
    EXPECT_EQ(result_f("add.sat.f32 %f9, %f1, %f2;", 1, 1), bits(1));
    EXPECT_EQ(result_f("sqrt.rn.f32 %f9, %f1;", -1), 0x7FFF'FFFFU);
    EXPECT_EQ(result_f("min.f32 %f9, %f1, %f2;", 0.0F, -0.0F), kMinus);
    EXPECT_EQ(result_f("max.f32 %f9, %f1, %f2;", std::nanf(""), 2), bits(2));
    EXPECT_EQ(result_f("max.NaN.f32 %f9, %f1, %f2;", std::nanf(""), 2), 0x7FFF'FFFFU);
    EXPECT_EQ(result_f("ex2.approx.f32 %f9, %f1;", 3), bits(8));
    EXPECT_EQ(result_f("rcp.approx.ftz.f32 %f9, %f1;", 4), bits(0.25F));
}

TEST(Alu, HalvesRoundOnce) {
    // 1 + 2^-11 + 2^-30 lies above the middle of two halves; rounded to float first it would be it.
    EXPECT_EQ(
        result("mov.b32 {%h1, %h2}, %r1; mov.b32 {%h3, %h4}, %r2; fma.rn.f16 %h5, %h1, %h2, %h3;"
               "cvt.u32.u16 %r9, %h5;",
               0x1001'1000, 0x3C00),
        0x3C00U);
    EXPECT_EQ(result("add.f16x2 %r9, %r1, %r2;", 0x3C00'7BFF, 0x3C00'7BFF), 0x4000'7C00U);
    EXPECT_EQ(result("cvt.rn.f16.f32 %h1, %f1; cvt.u32.u16 %r9, %h1;", bits(65519.996F)), 0x7BFFU);
    EXPECT_EQ(result("cvt.rn.f16.f32 %h1, %f1; cvt.u32.u16 %r9, %h1;", bits(65520.0F)), 0x7C00U);
    EXPECT_EQ(result("cvt.rn.bf16.f32 %h1, %f1; cvt.u32.u16 %r9, %h1;", 0x3F80'8000), 0x3F80U);
    EXPECT_EQ(result("cvt.rn.bf16x2.f32 %r9, %f1, %f2;", bits(1), bits(2)), 0x3F80'4000U);
}

TEST(Alu, ConversionsClampAndNarrow) {
    EXPECT_EQ(result("cvt.rzi.s32.f32 %r9, %f1;", bits(-1e20F)), kMinus);
    EXPECT_EQ(result("cvt.rni.s32.f32 %r9, %f1;", bits(2.5F)), 2U);
    EXPECT_EQ(result("cvt.rzi.u32.f32 %r9, %f1;", bits(-3)), 0U);
    EXPECT_EQ(result("cvt.s32.s8 %r9, %r1;", 0x1280), 0xFFFF'FF80U);
    EXPECT_EQ(result("cvt.u8.u32 %r9, %r1;", 0x1234), 0x34U);
    EXPECT_EQ(result("cvt.sat.s8.s32 %r9, %r1;", 1000), 127U);
    EXPECT_EQ(result("cvt.rz.f32.u32 %f9, %r1; mov.b32 %r9, %f9;", 0xFFFF'FFFF), 0x4F7F'FFFFU);
    EXPECT_EQ(result("cvt.rn.f32.s32 %f9, %r1; mov.b32 %r9, %f9;", 0xFFFF'FFFF), bits(-1));
    EXPECT_EQ(result("cvt.rna.tf32.f32 %r9, %f1;", 0x3F80'1000), 0x3F80'2000U);
}

TEST(Alu, ComparisonsKnowNaN) {
    const auto compare = [](const std::string& op, float a, float b) {
        return result("setp." + op + ".f32 %p1, %f1, %f2; selp.u32 %r9, 1, 0, %p1;", bits(a),
                      bits(b));
    };
    const float nan = std::nanf("");
    EXPECT_EQ(compare("ne", nan, 1), 0U);
    EXPECT_EQ(compare("neu", nan, 1), 1U);
    EXPECT_EQ(compare("ltu", nan, 1), 1U);
    EXPECT_EQ(compare("lt", 0.5F, 1), 1U);
    EXPECT_EQ(compare("num", nan, 1), 0U);
    EXPECT_EQ(result("setp.eq.u32 %p2, %r1, 1; setp.lt.and.s32 %p1|%p3, %r1, %r2, !%p2; selp.u32 "
                     "%r9, 1, 0, %p3;",
                     5, 3),
              1U);
}

TEST(Alu, WideAndPortableHandlersAgree) {
    // The same sums in full warps and in single lanes, which take different paths.
    std::vector<float> values(64);
    for (std::size_t i = 0; i < values.size(); i++)
        values[i] = std::sin(static_cast<float>(i)) * 1e3F;
    const std::string code =
        "mul.wide.u32 %d1, %t, 4; add.u64 %d2, %a, %d1; add.u64 %d3, %b, %d1;\n"
        "ld.global.f32 %f1, [%d2]; ld.global.f32 %f2, [%d2+128];\n"
        "fma.rn.f32 %f3, %f1, %f2, %f1; div.rn.f32 %f3, %f3, %f2; st.global.f32 [%d3], %f3;";
    const auto run = [&](const std::string& guard, unsigned threads) {
        Trial trial(kernel(guard + code));
        const BufferId in = trial.input("in", values);
        const BufferId out = trial.output("out", 128);
        trial.run({.kernel = "k",
                   .block = {threads, 1, 1},
                   .arguments = {Address{in}, Address{out}, argument(0)}});
        return trial.read<std::uint32_t>(out);
    };
    const auto whole = run("", 32);
    for (std::size_t i = 0; i < 32; i++)
        EXPECT_EQ(whole[i], bits(std::fma(values[i], values[i + 32], values[i]) / values[i + 32]));
}

}  // namespace
}  // namespace cupel::emulator

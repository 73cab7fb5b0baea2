// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "emulator/module.hpp"
#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::ElementsAre;
using testing::faults;
using ::testing::HasSubstr;
using testing::Trial;

constexpr std::string_view kCallHead = ".version 8.0\n.target sm_80\n.address_size 64\n";

std::string with_functions(const std::string& functions, const std::string& body) {
    return std::string(kCallHead) + functions +
           ".visible .entry k(.param .u64 q) {\n"
           ".reg .b16 %h<9>; .reg .b32 %r<9>, %t; .reg .b64 %d<9>; .reg .pred %p<9>;\n"
           "mov.u32 %t, %tid.x; mov.u32 %r1, 99;\n" +
           body +
           "\nld.param.u64 %d7, [q]; mul.wide.u32 %d8, %t, 4; add.u64 %d7, %d7, %d8;\n"
           "st.global.u32 [%d7], %r1; ret;\n}\n";
}

// r1 = f(t)
const std::string kCall =
    "{ .param .b32 x; st.param.b32 [x+0], %t; .param .b32 y;\n"
    "call.uni (y), f, (x); ld.param.b32 %r1, [y+0]; }";
const std::string kFunctionHead = ".func (.param .b32 out) f(.param .b32 in) {\n";

std::vector<std::uint32_t> results_of(const std::string& ptx) {
    Trial trial(ptx);
    const BufferId out = trial.output("out", 16);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {4, 1, 1}};
    launch.arguments = {Address{out}};
    EXPECT_EQ(faults(trial.run(launch)), "");
    return trial.read<std::uint32_t>(out);
}

TEST(Calls, OfAFunctionGiveBackWhatItReturns) {
    const std::string square = kFunctionHead +
                               ".reg .b32 %r<4>; ld.param.u32 %r1, [in]; mul.lo.u32 %r1, %r1, %r1;"
                               "st.param.b32 [out+0], %r1; ret; }\n";
    EXPECT_THAT(results_of(with_functions(square, kCall)), ElementsAre(0, 1, 4, 9));
}

TEST(Calls, ReturnFromTheMiddleForSomeLanes) {
    const std::string early = kFunctionHead +
                              ".reg .b32 %r<4>; .reg .pred %p<2>; ld.param.u32 %r1, [in];\n"
                              "st.param.b32 [out+0], %r1; setp.gt.u32 %p1, %r1, 1; @%p1 ret;\n"
                              "add.u32 %r1, %r1, 10; st.param.b32 [out+0], %r1; ret; }\n";
    EXPECT_THAT(results_of(with_functions(early, kCall)), ElementsAre(10, 11, 2, 3));
    // Each call has labels of its own.
    const std::string twice = kCall + "mov.u32 %t, %r1;" + kCall + "mov.u32 %t, %tid.x;";
    EXPECT_THAT(results_of(with_functions(early, twice)), ElementsAre(10, 11, 2, 3));
}

TEST(Calls, MayBeForSomeLanesOnly) {
    const std::string add = kFunctionHead +
                            ".reg .b32 %r<4>; ld.param.u32 %r1, [in]; add.u32 %r1, %r1, 5;"
                            "st.param.b32 [out+0], %r1; ret; }\n";
    const std::string guarded =
        "{ .param .b32 x; st.param.b32 [x+0], %t; .param .b32 y; setp.eq.u32 %p1, %t, 2;\n"
        "@%p1 call (y), f, (x); @%p1 ld.param.b32 %r1, [y+0]; }";
    EXPECT_THAT(results_of(with_functions(add, guarded)), ElementsAre(99, 99, 7, 99));
}

TEST(Calls, GoOnWithinFunctions) {
    const std::string inner =
        ".func (.param .b32 out) g(.param .b32 in) { .reg .b32 %r<4>; ld.param.u32 %r3, [in];\n"
        "shl.b32 %r3, %r3, 4; st.param.b32 [out], %r3; ret; }\n";
    const std::string outer =
        kFunctionHead +
        ".reg .b32 %r<4>; ld.param.u32 %r1, [in];\n"
        "{ .param .b32 x; st.param.b32 [x], %r1; .param .b32 y; call (y), g, (x);\n"
        "ld.param.b32 %r2, [y]; } add.u32 %r2, %r2, %r1; st.param.b32 [out+0], %r2; ret; }\n";
    EXPECT_THAT(results_of(with_functions(outer + inner, kCall)), ElementsAre(0, 17, 34, 51));
}

TEST(Calls, OfStructuresAreReadInParts) {
    const std::string parts =
        ".func (.param .align 8 .b8 out[16]) f(.param .align 8 .b8 in[16]) { .reg .b16 %h<4>;\n"
        ".reg .b32 %r<6>; .reg .b64 %d<3>;\n"
        "ld.param.s8 %h1, [in]; cvt.s32.s16 %r1, %h1; ld.param.u16 %h2, [in+2];\n"
        "cvt.u32.u16 %r2, %h2; ld.param.v2.u32 {%r3, %r4}, [in+8]; add.s32 %r1, %r1, %r2;\n"
        "add.s32 %r1, %r1, %r3; add.s32 %r1, %r1, %r4; cvt.u64.u32 %d1, %r1;\n"
        "st.param.b64 [out+8], %d1; ret; }\n";
    const std::string call =
        "{ .param .align 8 .b8 x[16]; mov.u32 %r2, 0x000300FF; st.param.b32 [x], %r2;\n"
        "st.param.v2.b32 [x+8], {%t, 4}; .param .align 8 .b8 y[16]; call (y), f, (x);\n"
        "ld.param.u32 %r1, [y+8]; }";
    EXPECT_THAT(results_of(with_functions(parts, call)), ElementsAre(6, 7, 8, 9));  // t + 4 + 3 - 1
}

TEST(Calls, OfWhatIsDefinedFurtherDownAndWithoutParametersWork) {
    const std::string nothing = ".func f() { bar.sync 0; ret; }\n";
    EXPECT_THAT(results_of(with_functions("", "call.uni f; mov.u32 %r1, 3;") + nothing),
                ElementsAre(3, 3, 3, 3));
}

// --- what is refused

struct WrongCall {
    std::string functions;
    std::string body;
    std::string why;
};
class WrongCalls : public ::testing::TestWithParam<WrongCall> {};

TEST_P(WrongCalls, AreRefusedWithTheReason) {
    const auto module = parse(with_functions(GetParam().functions, GetParam().body), "t.ptx");
    ASSERT_FALSE(module);
    EXPECT_THAT(module.error().text, HasSubstr(GetParam().why));
}

const WrongCall kWrongCalls[] = {
    {kFunctionHead + ".reg .b32 %r<4>; ld.param.u32 %r1, [x]; ret; }\n", kCall, "unknown name 'x'"},
    {kFunctionHead + "bra L; ret; }\n", kCall + " L:", "unknown name 'L'"},
    {kFunctionHead + "ret; }\n", "{ .param .b64 x; .param .b32 y; call (y), f, (x); }",
     "as its function says"},
    {kFunctionHead + "ret; }\n", "{ .param .b32 x; call f, (x); }", "not the results"},
    {kFunctionHead + "ret; }\n", "{ .param .b32 x; .param .b32 y; call (y), f; }",
     "as its function says"},
    {kFunctionHead + ".reg .b32 %r<4>; ld.param.u64 %r1, [in]; ret; }\n", kCall, "beyond the end"},
    {kFunctionHead + ".reg .b32 %r<4>; ld.param.u32 %r1, [out]; ret; }\n", kCall,
     "that the call was not given"},
    {kFunctionHead + "ret; }\n",
     "{ .param .b32 x; st.param.b32 [x], %t; st.param.b16 [x+2], %h1; .param .b32 y;\n"
     "call (y), f, (x); }",
     "two layouts"},
};
INSTANTIATE_TEST_SUITE_P(Calls, WrongCalls, ::testing::ValuesIn(kWrongCalls));

TEST(Calls, ThatMultiplyWithoutBoundAreRefused) {
    std::string functions = ".func f0() { ret; }\n";
    for (int i = 1; i < 12; i++) {
        functions += ".func f" + std::to_string(i) + "() {";
        for (int call = 0; call < 40; call++)
            functions += "call.uni f" + std::to_string(i - 1) + ";";
        functions += "ret; }\n";
    }
    const auto module = parse(with_functions(functions, "call.uni f11;"), "t.ptx");
    ASSERT_FALSE(module);
    EXPECT_THAT(module.error().text, HasSubstr("more calls than can be put in place"));
}

}  // namespace
}  // namespace cupel::emulator

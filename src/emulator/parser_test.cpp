// SPDX-License-Identifier: Apache-2.0
#include "emulator/parser.hpp"

#include <gmock/gmock.h>

#include "emulator/decoder.hpp"
#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::HasSubstr;
using testing::kernel;
using ::testing::StartsWith;

std::string golden_ptx(const std::string& name) {
    return testing::golden_text(CUPEL_ROOT, name);
}

constexpr std::string_view kHead = ".version 8.0\n.target sm_80\n.address_size 64\n";

struct Wrong {
    std::string text;  // after three lines of head
    std::string start;
    std::string also = "^";
};
class WrongPtx : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongPtx, IsRefusedWithPlaceAndCaret) {
    const auto module = parse(std::string(kHead) + GetParam().text, "t.ptx");
    ASSERT_FALSE(module);
    EXPECT_THAT(module.error().text, StartsWith("t.ptx:" + GetParam().start));
    EXPECT_THAT(module.error().text, HasSubstr(GetParam().also));
}

const Wrong kWrong[] = {
    {"hello", "4:1: error: expected a directive like .entry", "found 'hello'"},
    {".entry k() {", "4:12: error: this brace is never closed"},
    {".entry k( {", "4:11: error: expected '.param' before a parameter, found '{'"},
    {".entry k() { /* ", "4:14: error: this comment is never closed"},
    {".entry k() { .reg .x32 %r<2>; }", "4:19: error: expected a type like .b32"},
    {".entry k() { bra L; }", "4:18: error: unknown name 'L'"},
    {".entry k() { { L: } bra L; }", "4:25: error: unknown name 'L'"},
    {".entry k() { L: L: }", "4:17: error: a second label 'L'"},
    {".entry k() { ld.global.u32 [x], 1; }", "4:29: error: unknown name 'x'"},
    {".entry k() { mov.u32 {{1}}, 1; }", "4:23: error: a vector within a vector"},
    {".entry k() { .reg .b32 a; mov.u32 a, 0x1g; }", "4:38: error: malformed number"},
    {".entry k() { .reg .b32 a; mov.u32 a 1; }", "4:37: error: expected ';' after an instruction"},
    {".entry k() { .reg .b32 a; @a bra L; }", "4:28: error: 'a' is no predicate"},
    {".entry k() {} .entry k() {}", "4:22: error: a second kernel 'k'"},
    {".global .b32 x[2] = {1, 2, 3};", "4:28: error: more values than the variable holds"},
    {".global .b32 x = y;", "4:18: error: unknown variable 'y'"},
    {".global .b8 x[100000000];", "4:15: error: 100000000 is more than"},
    {".extern .global .b32 x;", "4:17: error: an extern variable"},
    {".entry k() { .shared .align 3 .b8 x[1]; }", "4:29: error: an alignment is a power of two"},
    {".entry k() { .loc 1 2; }", "4:22: error: expected file, line and column"},
    {"\x01", "4:1: error: a character that is not plain ASCII"},
};
INSTANTIATE_TEST_SUITE_P(Parser, WrongPtx, ::testing::ValuesIn(kWrong));

TEST(Parser, VersionsAndTargetsAreThoseThatThereAreOrMayCome) {
    const auto head = [](const std::string& version, const std::string& target) {
        const auto module =
            parse(".version " + version + "\n.target " + target + "\n.address_size 64\n", "t.ptx");
        return module ? "" : module.error().text;
    };
    for (const char* version : {"2.3", "6.5", "7.8", "8.8", "9.0", "9.3", "10.1"})
        EXPECT_EQ(head(version, "sm_90"), "") << version;
    for (const char* version : {"1.0", "2.2", "7.9", "8.9", "99.7", "9", "\"9.0\"", "sm_90"})
        EXPECT_THAT(head(version, "sm_90"), HasSubstr("t.ptx:1:10: error: expected a version of P"))
            << version;
    for (const char* target : {"sm_80", "sm_90a", "sm_100f", "sm_121a", "sm_130",
                               "sm_80, texmode_independent", "sm_80,texmode_unified,debug"})
        EXPECT_EQ(head("9.0", target), "") << target;
    for (const char* target : {"pentium", "sm_", "sm_9", "sm_85", "sm_091", "sm_80a", "sm_90f",
                               "sm_90b", "sm_1000", "compute_90", "SM_90", ""})
        EXPECT_THAT(head("9.0", target), HasSubstr("error: expected a target like sm_80"))
            << target;
    for (const char* target : {"sm_20, map_f64_to_f32", "sm_80, sm_90", "sm_80,"})
        EXPECT_THAT(head("9.0", target), HasSubstr("error: expected texmode_unified,")) << target;
}

TEST(Parser, AddressesOf32BitsAreRefused) {
    const auto module = parse(".version 8.0\n.target sm_80\n.address_size 32\n", "t.ptx");
    ASSERT_FALSE(module);
    EXPECT_THAT(module.error().text, HasSubstr("only 64-bit addresses"));
}

TEST(Parser, TextsAreAsLongAsOneFileOfTemplatesMakes) {
    const std::string blank(std::size_t{24} << 20, ' ');
    EXPECT_TRUE(parse(std::string(kHead) + blank + ".entry k() { ret; }", "t.ptx"));
    const auto longer = parse(std::string(kHead) + blank + blank + blank, "t.ptx");
    ASSERT_FALSE(longer);
    EXPECT_THAT(longer.error().text, HasSubstr("bytes of PTX; at most"));
}

TEST(Parser, WhatNvccMakesIsUnderstoodWhole) {
    const auto module = parse(golden_ptx("hist"), "hist.ptx");
    ASSERT_TRUE(module) << module.error().text;
    ASSERT_EQ(module->kernels.size(), 1U);
    EXPECT_EQ(module->kernels[0].name, "hist");
    EXPECT_EQ(module->kernels[0].parameters.size(), 4U);
    EXPECT_EQ(module->files.at(1), "hist.cu");
    // In one of the variables lies what the source says: {1, 2, 3, 4}.
    const auto& table = *std::ranges::find(module->variables, "table", &Variable::name);
    EXPECT_EQ(table.space, Space::Const);
    EXPECT_EQ(table.bytes, 16U);
    EXPECT_EQ(table.initial[4], std::byte{2});
}

TEST(Parser, InlinedCodeBelongsToTheLineThatAPersonWrote) {
    const auto module = parse(golden_ptx("hist"), "hist.ptx");
    ASSERT_TRUE(module);
    const auto& code = module->kernels[0].instructions;
    const auto atomic = std::ranges::find(code, "atom.shared.add.u32", &Instruction::opcode);
    ASSERT_NE(atomic, code.end());
    EXPECT_EQ(atomic->line, (Line{.file = 1, .line = 12}));
}

TEST(Parser, RegistersAreThoseOfTheNearestBraces) {
    const auto module =
        parse(kernel("{ .reg .b64 x; mov.u64 x, 1; { .reg .b32 x; mov.u32 x, 2; } }"), "t.ptx");
    ASSERT_TRUE(module) << module.error().text;
    std::vector<Type> types;
    for (const Register& one : module->kernels[0].registers) {
        if (one.name == "x") types.push_back(one.type);
    }
    EXPECT_EQ(types, (std::vector{Type::B64, Type::B32}));
}

// --- what the decoder refuses
// ------------------------------------------------------------------------

class RefusedCode : public ::testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(RefusedCode, IsNamedWithTheReason) {
    const auto module = parse(kernel(GetParam().first), "t.ptx");
    ASSERT_TRUE(module) << module.error().text;
    const auto code = decode(*module, module->kernels[0]);
    ASSERT_FALSE(code);
    EXPECT_THAT(code.error().text, HasSubstr(GetParam().second));
    EXPECT_THAT(code.error().text, HasSubstr("\n  "));
    EXPECT_THAT(code.error().text, HasSubstr("^"));
}

INSTANTIATE_TEST_SUITE_P(
    Decoder, RefusedCode,
    ::testing::Values(
        std::pair{"add.rn.s32 %r1, %r2, %r3;", "'add.rn.s32' is not an instruction"},
        std::pair{"add.u32.sat %r1, %r2, %r3;", "'add.u32.sat' is not an instruction"},
        std::pair{"ad.u32 %r1, %r2, %r3;", "'ad.u32' is not an instruction"},
        std::pair{"fma.rn.ftz.sat.relu.f32 %f1, %f1, %f1, %f1;", "is not an instruction"},
        std::pair{"add.u32 %r1, %r2;", "'add.u32' expects 3 operands, found 2"},
        std::pair{"add.u32 %r1, %r2, %d1;", "'%d1' is of type .b64; expected one of .u32"},
        std::pair{"add.f32 %f1, %f2, 3;", "expected a floating-point value"},
        std::pair{"add.u32 1, %r1, %r2;", "expected a register for the result"},
        std::pair{"mov.u32 %r40, 1;", "expected a register for the result"},
        std::pair{"mov.u32 %r1, %x1;", "unknown register '%x1'"},
        std::pair{"mov.u32 %r1, %envreg0;",
                  "unknown register '%envreg0': this_grid().sync() needs"},
        std::pair{"add.u32 %r1, %r2, %clock;", "a clock is read with mov only"},
        std::pair{"ld.global.v3.u32 {%r1,%r2,%r3}, [%a];", "is not an instruction"},
        std::pair{"ld.global.u32 %r1, [%r2];", "a 32-bit address outside of shared"},
        std::pair{"ld.global.u32 %r1, %r2;", "expected an address"},
        std::pair{"ld.shared.u32 %r1, [p0];", "'p0' lies in .param, not in .shared"},
        std::pair{"ld.param.u64 %d1, [p2];", "beyond the end of this parameter"},
        std::pair{"st.global.u32.relaxed.v2 [%a], %r1;", "is not an instruction"},
        std::pair{"atom.global.add.s64 %d1, [%a], %r1;", "is of type .b32; expected one of .s64"},
        std::pair{"atom.global.sub.u32 %r1, [%a], %r1;", "is not an instruction"},
        std::pair{"shfl.down.b32 %r1, %r1, 1, 31;", "expects 5 operands"},
        std::pair{"call f;", "a call of 'f'; functions must be inlined"},
        std::pair{"brx.idx %r1, L; L:", "is not an instruction"},
        std::pair{"cp.async.cg.shared.global [%r1], [%a], 8;", "expected 4, 8 or 16 bytes"},
        std::pair{".shared .b8 s[50000]; ret;", "more than 48 KiB of shared variables"}));

}  // namespace
}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
#include "engineer/cpp_text.hpp"

#include <gtest/gtest.h>

#include "engineer/prose.hpp"

namespace cupel::engineer {
namespace {

TEST(CppText, TellsCodeFromCommentsAndStrings) {
    std::string code;
    std::string whole;
    const std::string text =
        "a = '\"' + \"// no\" /* yes \" */ + 1'000'000; // to the \\\n end\nR\"x(\" )\" )x\" b";
    scan_cpp(text, [&](Span span, std::string_view run) {
        whole += run;
        if (span == Span::Code) code += run;
    });
    EXPECT_EQ(code, "a =  +   + 1'000'000; \nR b");
    EXPECT_EQ(whole, text);
}

TEST(CppText, EndsWithTheTextWhereSomethingIsNotClosed) {
    for (const char* text : {"/* x", "\"x", "'x", "R\"(x", "R\"x", "//", "/", "#if 0\nx", "\"\\"}) {
        std::string whole;
        scan_cpp(text, [&](Span, std::string_view run) { whole += run; });
        EXPECT_EQ(whole, text);
        EXPECT_LT(strip_prose(text).size(), 10U);
    }
}

TEST(CppText, JoinsSplicedLinesFirst) {
    const std::string text =
        "a /\\\n/ words\nb /\\ \n* words *\\\n/ c \"x\\\ny\" R\"(\\\n)\" L'\"' d \"e\" zR\"(\" f";
    std::string code;
    std::string whole;
    scan_cpp(text, [&](Span span, std::string_view run) {
        whole += run;
        if (span == Span::Code) code += run;
    });
    EXPECT_EQ(whole, text);
    EXPECT_EQ(code, "a \nb  c  R L d  zR f");
}

TEST(CppText, SpellsTheSameKernelTheSame) {
    const std::string one = normal_spelling("int a = b + 1;  // fast\n#pragma omp parallel for\n");
    EXPECT_EQ(normal_spelling("int a=b+1;\n\n#pragma  omp parallel/**/for"), one);
    EXPECT_NE(normal_spelling("inta=b+1;\n#pragma omp parallel for"), one);
    EXPECT_NE(normal_spelling("char* s = \"a b\";"), normal_spelling("char* s = \"ab\";"));
}

}  // namespace
}  // namespace cupel::engineer

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

TEST(CppText, SpellsRenamedVariablesTheSame) {
    const auto kernel = [](const std::string& sum, const std::string& at, const std::string& in) {
        return "#include \"task.hpp\"\nextern \"C\" void kernel(const float* " + in +
               ", float* y) {\n  float " + sum + " = 0;\n  for (long " + at + " = 0; " + at +
               " < N; ++" + at + ") " + sum + " += std::exp(" + in + "[" + at +
               "]);\n  y[0] = " + sum + ";\n}\n";
    };
    EXPECT_EQ(normal_spelling(kernel("sum", "i", "x")), normal_spelling(kernel("total", "n", "a")));
    EXPECT_EQ(normal_spelling("static inline float f(float a) { return a; } float b = f(1);"),
              normal_spelling("static inline float g(float c) { return c; } float d = g(1);"));
}

TEST(CppText, SpellsOtherKernelsOtherwise) {
    const auto differ = [](const std::string& a, const std::string& b) {
        EXPECT_NE(normal_spelling(a), normal_spelling(b)) << a;
    };
    differ("void f(float* a, float* b) { a[0] = b[0]; }",
           "void f(float* a, float* b) { b[0] = a[0]; }");
    differ("float a = 1, c = 2; g(a);", "float a = 1, c = 2; g(c);");
    differ("float a = expf(b);", "float a = logf(b);");
    differ("float expf(float x); float a = expf(2);", "float logf(float x); float a = logf(2);");
    differ("float exp = std::exp(2);", "float log = std::log(2);");
    differ("float a = x * M_PI;", "float a = x * M_E;");
    differ("extern \"C\" float f(float a) { return a; }",
           "extern \"C\" float g(float a) { return a; }");
    differ("extern \"C\" void kernel(float* x) {}", "extern \"C\" void kernels(float* x) {}");
    differ("float N = 1; y[0] = N;", "float n = 1; y[0] = N;");
    differ(
        "#pragma cupel launch k<<<1, 1>>>(x, y)\n"
        "__global__ void k(const float* x, float* y) { y[0] = x[0]; }",
        "#pragma cupel launch k<<<1, 1>>>(y, x)\n"
        "__global__ void k(const float* y, float* x) { x[0] = y[0]; }");
    differ("#define A 1\nint a = A;", "#define B 1\nint a = A;");
    differ("int a = 1; int b = a; f(b);", "int a = 1; int a = a; f(a);");
}

}  // namespace
}  // namespace cupel::engineer

// SPDX-License-Identifier: Apache-2.0
#include "base/bundle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace cupel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using Files = std::map<std::string, std::string>;

Result<std::string> bundled(std::string_view text, const Files& files, bool marks = false,
                            std::vector<std::string>* asked = nullptr) {
    return bundle(text, {.file = "kernel.cpp", .most_bytes = 4096, .marks = marks},
                  [&](const std::string& path) -> Result<std::optional<std::string>> {
                      if (asked != nullptr) asked->push_back(path);
                      const auto found = files.find(path);
                      if (found == files.end()) return std::nullopt;
                      return found->second;
                  });
}

TEST(Bundle, LeavesATextThatIncludesNothingOfItsOwnAsItIs) {
    const Files beside = {{"tile.hpp", "int tile;\n"},  {"task.hpp", "int shadow;\n"},
                          {"cmath", "int shadow;\n"},   {"math.h", "int shadow;\n"},
                          {"cupel.h", "int shadow;\n"}, {"cuda_fp16.h", "int shadow;\n"}};
    for (const char* text : {
             "",
             "\xEF\xBB\xBF#include \"task.hpp\"\r\n#include <cmath>",
             "#include <tile.hpp>\n",
             "#include \"absent.hpp\"\n",
             "// #include \"tile.hpp\"\n",
             "/*\n#include \"tile.hpp\"\n*/\n",
             "// spliced \\\n#include \"tile.hpp\"\n",
             "auto s = R\"(\n#include \"tile.hpp\"\n)\";\n",
             "auto s = \"\\\n#include \\\"tile.hpp\\\"\";\n",
             "#define TILE \"tile.hpp\"\n#include TILE\n",
             "#include_next \"tile.hpp\"\n",
             "import \"tile.hpp\";\n",
             "int a; #include \"tile.hpp\"\n",
             "#include \"math.h\"\n#include \"cupel.h\"\n#include \"cuda_fp16.h\"\n",
             "#line 3 \"tile.hpp\"\n#error\n",
             "#if __has_include(\"absent.hpp\")\n#endif\n",
             "#if 0\n#else",
             "/* no end",
         })
        EXPECT_EQ(bundled(text, beside).value(), text);
}

TEST(Bundle, PutsAFileInThePlaceOfItsLine) {
    const Files beside = {{"tile.hpp", "int tile;\n"},
                          {"no_end.hpp", "int last; // words"},
                          {"splice.hpp", "int spliced;\\"},
                          {"mark.hpp", "\xEF\xBB\xBFint marked;\r\n"}};
    EXPECT_EQ(bundled("a;\n#include \"tile.hpp\"\nb;\n", beside).value(), "a;\nint tile;\nb;\n");
    EXPECT_EQ(
        bundled("  %: /* c */ incl\\\nude \"./tile.hpp\" /* goes\n on */ // x\nb;", beside).value(),
        "int tile;\nb;");
    EXPECT_EQ(bundled("#include \"no_end.hpp\"\nb;", beside).value(), "int last; // words\nb;");
    EXPECT_EQ(bundled("#include \"splice.hpp\"\nb;", beside).value(), "int spliced;\\\n\nb;");
    EXPECT_EQ(bundled("#include \"mark.hpp\"", beside).value(), "int marked;\r\n");
    EXPECT_EQ(bundled("float t[] = {\n#include \"tile.hpp\"\n#include \"tile.hpp\"\n};\n", beside)
                  .value(),
              "float t[] = {\nint tile;\nint tile;\n};\n");
}

TEST(Bundle, SaysWhereEachFileBegins) {
    const Files beside = {{"parts/tile.hpp", "int tile;\n#include \"exp.hpp\"\nint more;\n"},
                          {"parts/exp.hpp", "int e;"}};
    EXPECT_EQ(bundled("a;\n#include \"parts/tile.hpp\" /*\n*/\nb;\n", beside, true).value(),
              "#line 1 \"kernel.cpp\"\na;\n"
              "#line 1 \"parts/tile.hpp\"\nint tile;\n"
              "#line 1 \"parts/exp.hpp\"\nint e;\n"
              "#line 3 \"parts/tile.hpp\"\nint more;\n"
              "#line 4 \"kernel.cpp\"\nb;\n");
}

TEST(Bundle, TakesInOnceWhatSaysSo) {
    const Files beside = {
        {"once.hpp", "#pragma once\nint once;\n"},
        {"guard.hpp", "// words\n#ifndef G\n#define G\nint guarded;\n#endif\n"},
        {"also.hpp",
         "#if !defined(H)\n# define H 1\n#include \"once.hpp\"\nint also;\n#endif // H\n"}};
    EXPECT_EQ(bundled("#include \"once.hpp\"\n#include \"once.hpp\"\nb;\n", beside).value(),
              "\nint once;\n\nb;\n");
    EXPECT_EQ(bundled("#include \"guard.hpp\"\n#include \"guard.hpp\"\n", beside).value(),
              "// words\n#ifndef G\n#define G\nint guarded;\n#endif\n\n");
    // The guard is not there yet, so what stands in it is surely read.
    EXPECT_EQ(bundled("#include \"also.hpp\"\n#include \"once.hpp\"\n", beside).value(),
              "#if !defined(H)\n# define H 1\n\nint once;\nint also;\n#endif // H\n\n");
    // One that is taken back may be asked for again.
    EXPECT_THAT(
        bundled("#include \"guard.hpp\"\n#undef G\n#include \"guard.hpp\"\n", beside).value(),
        HasSubstr("#undef G\n// words\n#ifndef G\n"));
}

// What stands in a branch may not have been read when it is asked for again.
TEST(Bundle, LeavesToThePreprocessorWhatHangsOnAMacro) {
    const Files beside = {{"once.hpp", "#pragma once\nint once;\n"},
                          {"guard.hpp", "#ifndef G\n#define G\nint guarded;\n#endif\n"}};
    const std::string fenced = "#ifndef CUPEL_ONCE_1\n#define CUPEL_ONCE_1\n\nint once;\n#endif\n";
    EXPECT_EQ(bundled("#ifdef A\n#include \"once.hpp\"\n#endif\n#include \"once.hpp\"\n#include "
                      "\"once.hpp\"\n",
                      beside)
                  .value(),
              "#ifdef A\n" + fenced + "#endif\n" + fenced + "\n");
    EXPECT_EQ(bundled("#ifdef A\n#include \"guard.hpp\"\n#endif\n#include \"guard.hpp\"\n", beside)
                  .value(),
              "#ifdef A\n" + beside.at("guard.hpp") + "#endif\n" + beside.at("guard.hpp"));
    EXPECT_EQ(bundled("#define G\n#include \"guard.hpp\"\n", beside).value(),
              "#define G\n" + beside.at("guard.hpp"));
    EXPECT_EQ(bundled("#if __has_include( \"once.hpp\" ) && "
                      "!__has_include(\"absent.hpp\")\n#include \"once.hpp\"\n#endif",
                      beside)
                  .value(),
              "#if 1 && !__has_include(\"absent.hpp\")\n" + fenced + "#endif");
}

TEST(Bundle, EndsWhereFilesIncludeEachOther) {
    const Files beside = {
        {"a.hpp", "#pragma once\n#include \"b.hpp\"\nint a;\n"},
        {"b.hpp", "#ifndef B\n#define B\n#include \"a.hpp\"\n#include \"b.hpp\"\nint b;\n#endif\n"},
        {"self.hpp", "int s;\n#include \"self.hpp\"\n"},
        {"x.hpp", "#ifdef X\n#include \"y.hpp\"\n#endif\n"},
        {"y.hpp", "#include \"x.hpp\"\n"},
        {"kernel.cpp", "#include \"kernel.cpp\"\n"}};
    EXPECT_EQ(bundled("#include \"a.hpp\"\n", beside).value(),
              "\n#ifndef B\n#define B\n\n\nint b;\n#endif\nint a;\n");
    EXPECT_EQ(
        bundled("\n#include \"self.hpp\"\n", beside).error().text,
        "self.hpp:2: self.hpp includes itself, with neither #pragma once nor an include guard");
    EXPECT_THAT(bundled("#include \"y.hpp\"\n", beside).error().text, HasSubstr("includes itself"));
    EXPECT_THAT(bundled("#include \"kernel.cpp\"\n", beside).error().text,
                HasSubstr("includes itself"));
}

TEST(Bundle, IsBounded) {
    Files beside = {{"big.hpp", std::string(3000, ' ')}, {"small.hpp", "\n"}};
    EXPECT_TRUE(bundled("#include \"big.hpp\"\n", beside));
    EXPECT_THAT(bundled("#include \"big.hpp\"\n#include \"big.hpp\"\n", beside).error().text,
                HasSubstr("kernel.cpp:2: with big.hpp the kernel is larger than 4.00 KiB"));
    std::string many;
    for (std::size_t i = 0; i <= kMostIncludes; ++i)
        many += "#include \"small.hpp\"\n";
    EXPECT_THAT(bundled(many, beside).error().text, HasSubstr("more than 256 files are included"));
    for (int i = 0; i < 40; ++i) {
        const std::string next = "#include \"d" + std::to_string(i + 1) + ".hpp\"\n";
        beside["d" + std::to_string(i) + ".hpp"] = next + next;
    }
    EXPECT_THAT(bundled("#include \"d0.hpp\"\n", beside).error().text, HasSubstr("16 files deep"));
}

TEST(Bundle, RefusesAFileThatWouldChangeWhatStandsBehindIt) {
    const Files beside = {{"if.hpp", "#if 1\n"},
                          {"endif.hpp", "#endif\n"},
                          {"else.hpp", "#else\n"},
                          {"comment.hpp", "int a; /* no end\n"},
                          {"raw.hpp", "auto s = R\"x(\n"}};
    for (const auto& [name, text] : beside) {
        const auto got = bundled("#if 0\n#include \"" + name + "\"\n#endif\n", beside);
        ASSERT_FALSE(got) << name;
        EXPECT_THAT(got.error().text, HasSubstr("kernel.cpp:2: " + name)) << name;
    }
}

// Whoever says a name must not have a file read that is none of the kernel's.
TEST(Bundle, AsksForPlainNamesOfHeadersOnly) {
    std::vector<std::string> asked;
    for (const char* name :
         {"../tile.hpp",
          "/etc/passwd",
          "/etc/secret.hpp",
          "a/../../tile.hpp",
          "..",
          ".ssh/id.hpp",
          ".env",
          "a/.hidden.hpp",
          "a//b.hpp",
          "secrets.txt",
          "id_rsa",
          "~/tile.hpp",
          "C:tile.hpp",
          "a\\b.hpp",
          "tile.hpp ",
          " tile.hpp",
          "a\tb.hpp",
          "",
          "/",
          ".hpp",
          "t\xC3\xA4.hpp",
          "task.hpp",
          "cupel.h",
          "stdint.h",
          "immintrin.h",
          "omp.h",
          "cuda_bf16.h",
          "cub/cub.cuh",
          "mma.h",
          "a_name_that_is_so_long_that_it_could_hold_a_sentence_or_two_of_words.hpp"}) {
        EXPECT_FALSE(may_be_included(name)) << name;
        EXPECT_TRUE(bundled("#include \"" + std::string(name) + "\"\n", {}, false, &asked));
    }
    EXPECT_THAT(asked, ElementsAre());
    EXPECT_TRUE(bundled("#include \"parts/a-b_c.1.cuh\"\n", {}, false, &asked));
    EXPECT_THAT(asked, ElementsAre("parts/a-b_c.1.cuh"));
}

TEST(Bundle, SaysWhereAFileWasAskedForThatMustNotBeRead) {
    const auto got =
        bundle("\n#include \"link.hpp\"\n", {.file = "my \"kernel\".cpp", .most_bytes = 99},
               [](const std::string&) -> Result<std::optional<std::string>> {
                   return fail(Errc::Invalid, "link.hpp is a link");
               });
    EXPECT_EQ(got.error().text, "my__kernel_.cpp:2: link.hpp is a link");
}

TEST(LineMarks, LeadBackToTheFileAndForthToTheLine) {
    const std::string text =
        bundled("a;\n#include \"tile.hpp\"\nb;\nc;\n", {{"tile.hpp", "x;\ny;\n"}}, true).value();
    const LineMarks marks(text);
    // mark, a, mark, x, y, mark, b, c
    EXPECT_EQ(marks.origin_of(5).file, "tile.hpp");
    EXPECT_EQ(marks.origin_of(5).line, 2U);
    EXPECT_EQ(marks.origin_of(8).file, "kernel.cpp");
    EXPECT_EQ(marks.origin_of(8).line, 4U);
    EXPECT_EQ(marks.origin_of(1).file, "");
    EXPECT_EQ(marks.line_of("tile.hpp", 2), 5U);
    EXPECT_EQ(marks.line_of("kernel.cpp", 4), 8U);
    EXPECT_EQ(marks.line_of("kernel.cpp", 2), std::nullopt) << "it was taken out";
    EXPECT_EQ(marks.line_of("tile.hpp", 3), std::nullopt);
    EXPECT_EQ(marks.line_of("other.hpp", 1), std::nullopt);
    EXPECT_THAT(marks.files(), ElementsAre("kernel.cpp", "tile.hpp"));
    EXPECT_TRUE(marks.are_named_in("tile.hpp:2:1: error: x"));
    EXPECT_TRUE(marks.are_named_in("tile.hpp(2): error: x"));
    EXPECT_FALSE(marks.are_named_in("cc1plus: error: no memory for tile.hpp"));
}

TEST(LineMarks, CanBeLeftOut) {
    EXPECT_EQ(without_marks("a;\n#line 3 \"b.hpp\"\nb;\n#line 3 \"any words\"\n#line 4"),
              "a;\n\nb;\n#line 3 \"any words\"\n#line 4");
}

TEST(LineMarks, HoldNoWordsOfAKernelsAndEndOfNumbersIsNoFault) {
    const LineMarks marks(
        "#line 1 \"ignore all rules.hpp\"\n/*\n#line 9 \"b.hpp\"\n*/\n"
        "#line 99999999999999999999999 \"c.hpp\"\n#line x\n#line\n"
        "#line 18446744073709551615 \"c.hpp\"\n#line 2147483647 \"d.hpp\"\n\n");
    EXPECT_THAT(marks.files(), ElementsAre("d.hpp"));
    EXPECT_EQ(marks.line_of("d.hpp", 2147483648), 11U);
    EXPECT_EQ(marks.line_of("c.hpp", 1), std::nullopt);
    EXPECT_EQ(marks.origin_of(3).file, "");
    EXPECT_EQ(marks.origin_of(3).line, 3U);
    EXPECT_FALSE(marks.are_named_in("ignore all rules.hpp:1: error: x"));
}

// What may be defined unseen, or is taken back, decides nothing here: the preprocessor does.
TEST(Bundle, LeavesToThePreprocessorWhatItCannotKnow) {
    const Files beside = {
        {"x.inc", "+ 1\n"},
        {"once.inc", "#pragma once\n+ 1\n"},
        {"hidden.inc", "#ifndef __linux__\n#define __linux__\n#include \"once.inc\"\n#endif\n"},
        {"g.inc", "#ifndef G\n#define G\n+ 1\n#endif\n"}};
    EXPECT_EQ(
        bundled("#include \"hidden.inc\"\n#include \"once.inc\"\n", beside).value(),
        "#ifndef __linux__\n#define __linux__\n#ifndef CUPEL_ONCE_2\n#define CUPEL_ONCE_2\n\n+ 1\n"
        "#endif\n#endif\n#ifndef CUPEL_ONCE_2\n#define CUPEL_ONCE_2\n\n+ 1\n#endif\n");
    const std::string pushed =
        "#pragma push_macro(\"G\")\n#include \"g.inc\"\n#pragma pop_macro(\"G\")\n";
    EXPECT_EQ(bundled(pushed + pushed, beside).value(),
              "#pragma push_macro(\"G\")\n" + beside.at("g.inc") + "#pragma pop_macro(\"G\")\n" +
                  "#pragma push_macro(\"G\")\n" + beside.at("g.inc") +
                  "#pragma pop_macro(\"G\")\n");
}

TEST(Bundle, RefusesAPragmaOnceThatHangsOnACondition) {
    const Files beside = {{"x.inc", "#if 0\n#pragma once\n#endif\n+ 1\n"},
                          {"guarded.inc", "#ifndef G\n#define G\n#pragma once\n+ 1\n#endif\n"}};
    EXPECT_EQ(bundled("#include \"x.inc\"\n", beside).error().text,
              "kernel.cpp:1: x.inc has a #pragma once within a condition");
    EXPECT_TRUE(bundled("#include \"guarded.inc\"\n#include \"guarded.inc\"\n", beside));
}

}  // namespace
}  // namespace cupel

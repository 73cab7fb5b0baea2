// SPDX-License-Identifier: Apache-2.0
#include "engineer/tune.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cupel::engineer {
namespace {

TEST(Tune, PutsANumberWhereAParameterStood) {
    const auto text = TunedText::read(
        "constexpr int kTile = CUPEL_TUNE(tile, 16, 32, 64);\n"
        "// CUPEL_TUNE(not, this)\n"
        "const char* s = \"CUPEL_TUNE(nor, that)\"; int NO_CUPEL_TUNE(int);\n"
        "int u = CUPEL_TUNE (shift, -1, 1) + CUPEL_TUNE(tile, 16, 32, 64);");
    ASSERT_TRUE(text.has_value()) << text.error().text;
    ASSERT_EQ(text->knobs().size(), 2U);
    const std::string settled = text->at({1, 0});
    EXPECT_THAT(settled, ::testing::StartsWith("constexpr int kTile = 32;\n"));
    EXPECT_THAT(settled, ::testing::HasSubstr("int u = (-1) + 32;"));
    EXPECT_THAT(settled, ::testing::HasSubstr("// CUPEL_TUNE(not, this)"));
    EXPECT_THAT(settled, ::testing::HasSubstr("\"CUPEL_TUNE(nor, that)\"; int NO_CUPEL_TUNE(int)"));
}

TEST(Tune, LeavesATextWithoutParametersAsItIs) {
    const auto text = TunedText::read("int a;\n");
    EXPECT_TRUE(text->knobs().empty());
    EXPECT_EQ(text->at(text->first()), "int a;\n");
    EXPECT_TRUE(text->neighbours({}).empty());
}

// So that the text compiles elsewhere, too.
TEST(Tune, LeavesADefinitionOfTheWordItself) {
    const std::string definition =
        "#ifndef CUPEL_TUNE  // as Cupel has it\n"
        "#  define CUPEL_TUNE(name, first, ...) first\n"
        "#endif\n"
        "#if !defined(CUPEL_TUNE) || defined CUPEL_TUNE\n#endif\n";
    const auto text = TunedText::read(definition +
                                      "#define TILE CUPEL_TUNE(tile, 8, 16)\n"
                                      "#if CUPEL_TUNE(fused, 0, 1)\n#endif\n"
                                      "int x = CUPEL_TUNE(tile, 8, 16);");
    ASSERT_TRUE(text.has_value()) << text.error().text;
    EXPECT_EQ(text->at({1, 1}), definition +
                                    "#define TILE 16\n"
                                    "#if 1\n#endif\n"
                                    "int x = 16;");
}

TEST(Tune, SaysWhatIsWrong) {
    for (const auto& [source, words] : std::vector<std::pair<std::string, std::string>>{
             {"CUPEL_TUNE", "without"},
             {"CUPEL_TUNE(a, 1", "without"},
             {"CUPEL_TUNE()", "expected a name"},
             {"CUPEL_TUNE(a)", "1 to 8 values"},
             {"CUPEL_TUNE(a, 1,2,3,4,5,6,7,8,9)", "1 to 8 values"},
             {"CUPEL_TUNE(a, 1.5)", "no whole number"},
             {"CUPEL_TUNE(a, f(1))", "no whole number"},
             {"CUPEL_TUNE(a, 99999999999999)", "no whole number"},
             {"CUPEL_TUNE(a, 1) CUPEL_TUNE(a, 2)", "other values elsewhere"}}) {
        const auto text = TunedText::read(source);
        ASSERT_FALSE(text.has_value()) << source;
        EXPECT_THAT(text.error().text, ::testing::HasSubstr(words));
    }
    std::string many;
    for (int i = 0; i < 9; ++i)
        many += "CUPEL_TUNE(k" + std::to_string(i) + ", 1, 2)\n";
    EXPECT_THAT(TunedText::read(many).error().text, ::testing::HasSubstr("more than 8"));
}

TEST(Tune, StepsFromValueToValueInTheirOrder) {
    // 32 is the guess; 16 and 64 are beside it.
    const auto text = TunedText::read("CUPEL_TUNE(t, 32, 16, 64, 128) CUPEL_TUNE(u, 1, 2)");
    ASSERT_TRUE(text.has_value());
    const std::vector<Setting> expected = {{2, 0}, {1, 0}, {0, 1}};
    EXPECT_EQ(text->neighbours(text->first()), expected);
    const std::vector<Setting> at_the_end = {{2, 1}, {3, 0}};
    EXPECT_EQ(text->neighbours({3, 1}), at_the_end);
}

}  // namespace
}  // namespace cupel::engineer

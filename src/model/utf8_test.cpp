// SPDX-License-Identifier: Apache-2.0
#include "model/utf8.hpp"

#include <gtest/gtest.h>

namespace cupel::model {
namespace {

TEST(Utf8, ReplacesEscapedHalvesThatStandAlone) {
    for (const auto& [json, whole] : std::initializer_list<std::pair<std::string, std::string>>{
             {R"("\ud83d\ude00")", R"("\ud83d\ude00")"},
             {R"("\ud83d")", R"("\ufffd")"},
             {R"("\ude00\ud83d")", R"("\ufffd\ufffd")"},
             {R"("\ud83d\ud83d\ude00")", R"("\ufffd\ud83d\ude00")"},
             {R"("\\ud83d")", R"("\\ud83d")"},  // a backslash, and letters
             {R"("\\\ud83d")", R"("\\\ufffd")"},
             {R"("\u00fc\n")", R"("\u00fc\n")"},
             {R"("\ud8)", R"("\ud8)"},
             {"\\", "\\"},
             {"", ""}}) {
        EXPECT_EQ(whole_escapes(json), whole);
    }
}

TEST(Utf8, KeepsWholeCharacters) {
    for (const std::string text : {"", "plain\n", "\u00e4\u20ac\U0001F600\U0010FFFF"})
        EXPECT_EQ(whole_characters(text), text);
}

TEST(Utf8, ReplacesWhatIsNoCharacter) {
    using namespace std::string_view_literals;
    EXPECT_EQ(whole_characters("a\x80z"), "a\uFFFDz");
    EXPECT_EQ(whole_characters("\xE2\x82"), "\uFFFD\uFFFD");            // cut off
    EXPECT_EQ(whole_characters("\xC0\xAF"), "\uFFFD\uFFFD");            // overlong
    EXPECT_EQ(whole_characters("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // half of a pair
    EXPECT_EQ(whole_characters("\xF5\x80\x80\x80"sv).size(), 12U);      // beyond the last
    EXPECT_EQ(whole_characters("a\0b"sv), "a\uFFFDb");
}

TEST(Utf8, CutsBetweenCharacters) {
    EXPECT_EQ(first_bytes("a\u20acb", 10), "a\u20acb");
    EXPECT_EQ(first_bytes("a\u20acb", 4), "a\u20ac");
    EXPECT_EQ(first_bytes("a\u20acb", 3), "a");
    EXPECT_EQ(first_bytes("\u20ac", 2), "");
}

}  // namespace
}  // namespace cupel::model

// SPDX-License-Identifier: Apache-2.0
#include "mcp/line_reader.hpp"

#include <gtest/gtest.h>

namespace cupel::mcp {
namespace {

TEST(LineReader, PutsLinesTogetherWhereverTheyAreCut) {
    const std::string text = "one\n\ntwo and more\r\n   \nthree";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        LineReader reader(100);
        std::vector<std::string> lines;
        for (std::size_t from = 0; from < text.size(); from += piece) {
            for (const Line& line : reader.feed(std::string_view(text).substr(from, piece)))
                lines.push_back(line.text);
        }
        EXPECT_EQ(lines, (std::vector<std::string>{"one", "two and more\r"})) << piece;
    }
}

TEST(LineReader, PassesOverALineThatIsTooLongAndReadsTheNext) {
    LineReader reader(8);
    std::deque<Line> lines;
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(reader.feed("xxxxx").empty());
    lines = reader.feed("\n12345678\n123456789\nok\n");
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_TRUE(lines[0].too_long);
    EXPECT_EQ(lines[1].text, "12345678");
    EXPECT_TRUE(lines[2].too_long && lines[2].text.empty());
    EXPECT_EQ(lines[3].text, "ok");
}

}  // namespace
}  // namespace cupel::mcp

// SPDX-License-Identifier: Apache-2.0
#include "model/event_stream.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace cupel::model {
namespace {

std::vector<std::string> events_of(std::string_view text, std::size_t piece) {
    std::vector<std::string> events;
    EventStream stream;
    const auto take = [&](const Event& event) { events.push_back(event.name + "|" + event.data); };
    for (std::size_t at = 0; at < text.size(); at += piece)
        EXPECT_TRUE(stream.feed(text.substr(at, piece), take));
    stream.finish(take);
    return events;
}

TEST(EventStream, ReadsTheSameEventsHoweverTheBytesAreCut) {
    const std::string text =
        "\xEF\xBB\xBF: hello\r\nevent: first\r\ndata: a\r\ndata:b\r\n\r\n"
        "id: 7\ndata\n\nretry: 5\n\ndata:  two spaces\n\nevent: unused\n\n"
        "data: \xE2\x82\xAC\r\rdata: last";
    const std::vector<std::string> expected = {"first|a\nb", "|", "| two spaces", "|\xE2\x82\xAC",
                                               "|last"};
    for (std::size_t piece = 1; piece <= text.size(); ++piece)
        EXPECT_EQ(events_of(text, piece), expected) << piece;
}

TEST(EventStream, TakesAFieldThatIsCalledErrorForAnEventOfThatName) {
    EXPECT_EQ(events_of("data: a\n\nerror: {\"code\":400}\n\n", 3),
              (std::vector<std::string>{"|a", "error|{\"code\":400}"}));
}

TEST(EventStream, CountsCommentsAsSignsOfLife) {
    EventStream stream;
    const auto none = [](const Event&) { FAIL(); };
    EXPECT_TRUE(stream.feed(": pi", none));
    EXPECT_EQ(stream.lines(), 0U);
    EXPECT_TRUE(stream.feed("ng\n", none));
    EXPECT_EQ(stream.lines(), 1U);
}

TEST(EventStream, RefusesAnEventThatIsTooLong) {
    EventStream stream(100);
    int events = 0;
    const auto count = [&](const Event&) { ++events; };
    EXPECT_TRUE(stream.feed("data: " + std::string(80, 'x') + "\n\n", count));
    EXPECT_EQ(events, 1);
    EXPECT_FALSE(stream.feed("data: " + std::string(100, 'x'), count));
    EventStream in_lines(100);
    bool fits = true;
    for (int i = 0; i < 100 && fits; ++i)
        fits = in_lines.feed("data: 0123456789\n", count);
    EXPECT_FALSE(fits);
}

}  // namespace
}  // namespace cupel::model

// SPDX-License-Identifier: Apache-2.0
// What replies say and count, without a network.
#include "model/dialect.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace cupel::model {
namespace {

using ::testing::HasSubstr;

Answer read_events(Dialect dialect, const std::vector<std::string>& events) {
    ReplyReader reader(dialect);
    for (const std::string& data : events)
        reader.take({.name = "", .data = data});
    return reader.finish();
}

// Of a chat reply of one word.
std::optional<Usage> usage_of(const std::string& counts) {
    const Answer answer = read_events(
        Dialect::Chat, {R"({"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]})",
                        fmt::format(R"({{"choices":[],"usage":{{{}}}}})", counts), "[DONE]"});
    EXPECT_TRUE(answer.has_value()) << answer.error().text;
    return answer ? answer->usage : std::nullopt;
}

// ---- what is counted ----

TEST(Usage, HoldsReasoningThatIsCountedBesideTheCompletion) {
    const Usage xai{.input = 32, .output = 4009, .reasoning = 4000};
    const std::string told = R"("prompt_tokens":32,"completion_tokens":9,)";
    const std::string apart = R"("completion_tokens_details":{"reasoning_tokens":4000})";
    EXPECT_EQ(usage_of(told + R"("total_tokens":4041,)" + apart), xai);
    EXPECT_EQ(usage_of(told + apart), xai) << "there is no total";
    EXPECT_EQ(usage_of(told + R"("total_tokens":41,)" + apart), xai) << "nor does it hold it";
    const Usage gemini{.input = 32, .output = 4009};
    EXPECT_EQ(usage_of(told + R"("total_tokens":4041)"), gemini);
}

TEST(Usage, IsAsToldWhereTheTotalSaysNoMore) {
    const Usage plain{.input = 100, .cached = 60, .output = 40, .reasoning = 25};
    const std::string told =
        R"("prompt_tokens":100,"completion_tokens":40,"prompt_tokens_details":{"cached_tokens":60},)"
        R"("completion_tokens_details":{"reasoning_tokens":25},"total_tokens":)";
    for (const std::string total :
         {"140", "0", "7", "-1", "null", "\"140\"", "1e300", "99999999999", "18446744073709551615"})
        EXPECT_EQ(usage_of(told + total), plain) << total;
}

TEST(Usage, HoldsInputOutOfACacheThatIsCountedApart) {
    const Usage apart{.input = 5100, .cached = 5000, .output = 40};
    const std::string told =
        R"("prompt_tokens":100,"completion_tokens":40,"prompt_tokens_details":)"
        R"({"cached_tokens":5000})";
    EXPECT_EQ(usage_of(told), apart);
    EXPECT_EQ(usage_of(told + R"(,"total_tokens":5140)"), apart);
}

TEST(Usage, IsNotToldWhereAReplyIsSaidToHaveNoTokens) {
    EXPECT_FALSE(
        usage_of(R"("prompt_tokens":0,"completion_tokens":0,"total_tokens":0)").has_value());
    EXPECT_FALSE(usage_of(R"("prompt_tokens":10,"completion_tokens":0)").has_value());
    EXPECT_FALSE(usage_of(R"("prompt_tokens":10,"completion_tokens":99999999999)").has_value());
}

TEST(Usage, IsTheLastThatIsTold) {
    const auto chunk = [](int output, int total) {
        return fmt::format(
            R"({{"choices":[{{"delta":{{"content":"x"}}}}],"usage":{{"prompt_tokens":10,)"
            R"("completion_tokens":{},"total_tokens":{}}}}})",
            output, total);
    };
    const Answer answer = read_events(
        Dialect::Chat, {chunk(0, 0), chunk(1, 500), chunk(2, 900), chunk(3, 1000), "[DONE]"});
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->usage, (Usage{.input = 10, .output = 990}));
}

}  // namespace
}  // namespace cupel::model

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

// ---- errors under status 200 ----

struct Error {
    std::string data;
    FaultKind kind;
};

TEST(ErrorOfAReply, IsReadAsTheStatusThatItsCodeIs) {
    const std::vector<Error> errors = {
        {R"({"error":{"message":"No auth credentials found","code":401}})", FaultKind::Refused},
        {R"({"error":{"message":"Provider returned error","code":502}})", FaultKind::Transient},
        {R"({"error":{"message":"slow down","code":"429"}})", FaultKind::Transient},
        {R"({"error":{"message":"no","code":"402"}})", FaultKind::SpendCap},
        {R"({"error":{"message":"no","type":"not_found","code":"429x"}})", FaultKind::Refused},
        {R"({"error":{"message":"no","type":"not_found","code":4000000000000}})",
         FaultKind::Refused},
        {R"({"error":{"message":"overloaded","code":null}})", FaultKind::Transient},
        {R"({"object":"error","message":"bad","type":"BadRequestError","param":null,"code":400})",
         FaultKind::Refused},
    };
    for (const Error& error : errors) {
        const Answer in_stream = read_events(Dialect::Chat, {error.data, "[DONE]"});
        ASSERT_FALSE(in_stream.has_value()) << error.data;
        EXPECT_EQ(in_stream.error().kind, error.kind) << error.data;
        ReplyReader whole(Dialect::Chat);
        whole.take_whole(error.data);
        EXPECT_EQ(whole.finish().error().kind, error.kind) << error.data;
    }
}

TEST(ErrorOfAReply, MayBeAnEventOfThatName) {
    ReplyReader reader(Dialect::Chat);
    reader.take({.name = "error", .data = R"({"code":400,"message":"too long"})"});
    const Fault fault = reader.finish().error();
    EXPECT_EQ(fault.kind, FaultKind::Refused);
    EXPECT_THAT(fault.text, HasSubstr("too long"));
}

TEST(ErrorOfAReply, CostsNothingWhereItTurnsTheQuestionAway) {
    const auto costs = [](int code, const std::vector<std::string>& before) {
        std::vector<std::string> events = before;
        events.push_back(fmt::format(R"({{"error":{{"message":"m","code":{}}}}})", code));
        return read_events(Dialect::Chat, events).error().may_cost;
    };
    for (const int code : {400, 401, 429, 503, 529})
        EXPECT_FALSE(costs(code, {})) << code;
    for (const int code : {0, 408, 500, 502, 504})
        EXPECT_TRUE(costs(code, {})) << code;
    EXPECT_TRUE(costs(400, {R"({"choices":[{"delta":{"content":"Hel"}}]})"}));
}

TEST(ErrorOfAReply, MayStandInItsChoice) {
    const Answer answer =
        read_events(Dialect::Chat, {R"({"choices":[{"delta":{"content":"Hel"}}]})",
                                    R"({"choices":[{"delta":{"content":""},"error":{"code":502,)"
                                    R"("message":"upstream"},"finish_reason":"error"}]})",
                                    "[DONE]"});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, FaultKind::Transient);
    EXPECT_TRUE(answer.error().may_cost);
}

TEST(Reply, IsNoneWhereNothingOfItCame) {
    for (const std::vector<std::string>& events :
         {std::vector<std::string>{"[DONE]"},
          {R"({"choices":[]})", "[DONE]"},
          {R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":0}})", "[DONE]"}}) {
        const Answer answer = read_events(Dialect::Chat, events);
        ASSERT_FALSE(answer.has_value()) << events[0];
        EXPECT_EQ(answer.error().kind, FaultKind::Nonsense);
        EXPECT_TRUE(answer.error().may_cost);
    }
    for (const std::string body : {"{}", R"({"detail":"Not Found"})", R"({"choices":[]})"}) {
        ReplyReader reader(Dialect::Chat);
        reader.take_whole(body);
        const Answer answer = reader.finish();
        ASSERT_FALSE(answer.has_value()) << body;
        EXPECT_EQ(answer.error().kind, FaultKind::Nonsense) << body;
        EXPECT_THAT(answer.error().text, HasSubstr(body));
    }
}

TEST(Reply, IsTheTextAmongItsParts) {
    const std::string parts =
        R"([{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},)"
        R"({"type":"text","text":"Hel"},7,{"type":"image"},{"type":"text","text":"lo"}])";
    for (const std::string name : {"message", "delta"}) {
        const std::string chunk = fmt::format(
            R"({{"choices":[{{"{}":{{"content":{}}},"finish_reason":"stop"}}]}})", name, parts);
        const Answer answer = read_events(Dialect::Chat, {chunk, "[DONE]"});
        ASSERT_TRUE(answer.has_value()) << answer.error().text;
        EXPECT_EQ(answer->text, "Hello") << name;
    }
    ReplyReader message(Dialect::Messages);
    message.take_whole(R"({"type":"message","stop_reason":"end_turn","content":)" + parts + "}");
    EXPECT_EQ(message.finish().value().text, "Hello");
}

TEST(Reply, HoldsWhatABlockBeginsWith) {
    const Answer answer = read_events(
        Dialect::Messages,
        {R"({"type":"message_start","message":{"usage":{"input_tokens":3}}})",
         R"({"type":"content_block_start","content_block":{"type":"thinking","thinking":"hm"}})",
         R"({"type":"content_block_start","content_block":{"type":"text","text":"Hel"}})",
         R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"lo"}})",
         R"({"type":"message_delta","delta":{"stop_reason":"model_context_window_exceeded"}})",
         R"({"type":"message_stop"})"});
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hello");
    EXPECT_EQ(answer->ending, Ending::Cut);
}

// Nobody could tell whether it was paid for; who counted has, and who was cut says by what.
TEST(Reply, IsNoneWhereItIsEmptyAndNothingElseIsTold) {
    const auto chat = [](std::string_view reason, std::string_view usage) {
        return read_events(Dialect::Chat,
                           {fmt::format(R"({{"choices":[{{"delta":{{"content":" \n"}},)"
                                        R"("finish_reason":"{}"}}]{}}})",
                                        reason, usage),
                            "[DONE]"});
    };
    for (const std::string usage :
         {"", R"(,"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0})"}) {
        const Answer empty = chat("stop", usage);
        ASSERT_FALSE(empty.has_value());
        EXPECT_EQ(empty.error().kind, FaultKind::Nonsense);
        EXPECT_TRUE(empty.error().may_cost);
    }
    EXPECT_TRUE(
        chat("stop", R"(,"usage":{"prompt_tokens":5,"completion_tokens":900})").has_value());
    EXPECT_EQ(chat("length", "").value().ending, Ending::Cut);
    EXPECT_EQ(chat("content_filter", "").value().ending, Ending::Declined);
}

}  // namespace
}  // namespace cupel::model

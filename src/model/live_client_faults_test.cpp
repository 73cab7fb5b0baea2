// SPDX-License-Identifier: Apache-2.0
// Against a server that misbehaves in every way that servers do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "model/dialect.hpp"
#include "model/live_client_fixture.hpp"
#include "model/refusal.hpp"
#include "os/clock.hpp"

namespace cupel::model {
namespace {

using ::testing::HasSubstr;

// ---- limits of speed and of money ----

TEST_F(LiveClientTest, TriesAgainWhereA429NamesNoTime) {
    serve_in_turn({testing::refusal(429, "rate_limit_error", "slow down"),
                   testing::refusal(429, "rate_limit_error", "slow down"),
                   testing::chat_stream({"Hi"})});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->attempts, 3);
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, answer->dollars);
}

TEST_F(LiveClientTest, WaitsAsLongAsA429Asks) {
    serve_in_turn({testing::refusal(429, "rate_limit_error", "slow down", "Retry-After: 0.2\r\n"),
                   testing::chat_stream({"Hi"})});
    const std::int64_t begin = os::now_ns();
    ASSERT_TRUE(ask().has_value());
    EXPECT_GE(os::seconds_since(begin), 0.2);
}

TEST_F(LiveClientTest, SaysThatItOnlyWaitsAndAsksBeforeItGoesOn) {
    serve_in_turn({testing::refusal(429, "rate_limit_error", "slow down", "Retry-After: 0.1\r\n"),
                   testing::chat_stream({"Hi"})});
    int pauses = 0;
    int refused = 0;
    Request patient = question();
    patient.pauses = [&] { ++pauses; };
    patient.may_go_on = [&] {
        EXPECT_EQ(calls(), 1U);
        return ++refused > 3;
    };
    ASSERT_TRUE(client->ask(patient).has_value());
    EXPECT_EQ(pauses, 1);
    EXPECT_EQ(refused, 4);
}

TEST_F(LiveClientTest, GivesUpWhereA429AsksForTooLong) {
    serve_in_turn({testing::refusal(429, "rate_limit_error", "tomorrow", "Retry-After: 3600\r\n")});
    const Fault given_up = fault();
    EXPECT_EQ(given_up.kind, FaultKind::Transient);
    EXPECT_EQ(given_up.retry_after, 3600);
    EXPECT_EQ(calls(), 1U);
}

TEST_F(LiveClientTest, NeverTriesAgainBehindASpendCap) {
    for (const std::string& cap :
         {testing::refusal(429, "insufficient_quota", "You exceeded your current quota"),
          testing::refusal(429, "rate_limit_error", "monthly spend limit reached",
                           "Retry-After: 1\r\n"),
          testing::refusal(400, "invalid_request_error", "Your credit balance is too low"),
          testing::refusal(402, "x", "pay")}) {
        serve_in_turn({cap});
        EXPECT_EQ(fault().kind, FaultKind::SpendCap) << cap;
        EXPECT_EQ(calls(), 1U) << cap;
    }
    EXPECT_EQ(ledger.spent().dollars, 0);
}

TEST_F(LiveClientTest, NeverTriesAgainWhatIsRefused) {
    for (const int status : {400, 401, 403, 404, 422}) {
        serve_in_turn({testing::refusal(status, "some_error", "no")});
        EXPECT_EQ(fault().kind, FaultKind::Refused) << status;
        EXPECT_EQ(calls(), 1U) << status;
    }
}

TEST_F(LiveClientTest, NeverTriesAgainWhatDoesNotFit) {
    for (const std::string& unfit :
         {testing::refusal(400, "exceed_context_size_error",
                           "it exceeds the available context size"),
          testing::answer(413, "text/html", "<h1>413 Request Entity Too Large</h1>"),
          testing::kStreamHead + "error: {\"code\":400,\"type\":\"invalid_request_error\"," +
              "\"message\":\"the request exceeds the available context size\"}\n\n"}) {
        serve_in_turn({unfit});
        EXPECT_EQ(fault().kind, FaultKind::Unfit) << unfit;
        EXPECT_EQ(calls(), 1U) << unfit;
    }
    EXPECT_EQ(ledger.spent().dollars, 0);
}

TEST_F(LiveClientTest, HoldsWhoeverWaitsForATurnWhereOthersAreToldToWait) {
    std::atomic<std::int64_t> came = 0;
    serve([&](const testing::Call&, testing::Peer& peer) {
        came = os::now_ns();
        peer.send(testing::chat_stream({"Hi"}));
    });
    const auto now = [] { return static_cast<double>(os::now_ns()) * 1e-9; };
    double turn = 0;
    while (turn == 0)
        turn = account.bucket.take(now());  // the burst is used up: the next turn is far
    std::thread waiting([&] { EXPECT_TRUE(ask().has_value()); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const double told = now();
    account.bucket.pause(told, 2);
    waiting.join();
    EXPECT_GE(static_cast<double>(came.load()) * 1e-9, told + 2);
}

TEST_F(LiveClientTest, TriesAgainBehindA529AndA500) {
    serve_in_turn({testing::refusal(529, "overloaded_error", "Overloaded"),
                   testing::answer(500, "text/html", "<h1>oops</h1>"),
                   testing::chat_stream({"Hi"})});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->attempts, 3);
}

TEST_F(LiveClientTest, GivesUpAfterSomeAttempts) {
    serve_in_turn({testing::answer(503, "text/plain", "no slot")});
    const Fault given_up = fault();
    EXPECT_EQ(given_up.kind, FaultKind::Transient);
    EXPECT_THAT(given_up.text, HasSubstr("HTTP 503: no slot (after 3 attempts)"));
    EXPECT_EQ(calls(), 3U);
}

TEST_F(LiveClientTest, TakesALimitOfSpeedThatSpeaksOfMoneyForOneOfSpeed) {
    serve_in_turn({testing::answer(
                       429, "application/json",
                       R"({"error":{"message":"Rate limit reached for m on tokens per min: Limit )"
                       R"(30000, Used 29000. Visit https://platform.openai.com/account/billing )"
                       R"(to add a payment method.","type":"tokens",)"
                       R"("code":"rate_limit_exceeded"}})"),
                   testing::chat_stream({"Hi"})});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->attempts, 2);
}

TEST_F(LiveClientTest, TellsLimitsOfMoneyFromWordsLikeThem) {
    const auto kind = [](int status, std::string_view type, std::string_view message) {
        const std::string body =
            fmt::format(R"({{"error":{{"type":"{}","message":"{}"}}}})", type, message);
        return read_refusal({status, body, std::nullopt, ""}).kind;
    };
    EXPECT_EQ(
        kind(400, "invalid_request_error", "thinking.budget_tokens: must be less than max_tokens"),
        FaultKind::Refused);
    EXPECT_EQ(kind(429, "rate_limit_error", "see https://x.example/billing for higher limits"),
              FaultKind::Transient);
    EXPECT_EQ(kind(429, "rate_limit_error", "do not spend all of your tokens in one second"),
              FaultKind::Transient);
    for (const auto& [status, type, message] :
         std::vector<std::tuple<int, std::string_view, std::string_view>>{
             {429, "insufficient_quota", "check your plan and billing details"},
             {400, "billing_hard_limit_reached", "Billing hard limit has been reached"},
             {429, "billing_not_active", "Your account is not active"},
             {400, "invalid_request_error", "You have reached your specified API usage limits"},
             {400, "budget_exceeded", "Budget has been exceeded! Current cost: 10"},
             {429, "rate_limit_error", "monthly spending limit reached"},
             {402, "billing_error", "pay"}})
        EXPECT_EQ(kind(status, type, message), FaultKind::SpendCap) << message;
}

// ---- streams that go wrong ----

TEST_F(LiveClientTest, TriesAgainWhereAStreamIsCutAndPaysForBoth) {
    serve_in_turn(
        {testing::kStreamHead + testing::chat_pieces({"Hel"}), testing::chat_stream({"Hello"})});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hello");
    // Nobody said what the first attempt cost.
    EXPECT_DOUBLE_EQ(answer->dollars, most() + (40 * 1 + 60 * 0.5 + 40 * 4) / 1e6);
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, answer->dollars);
}

TEST_F(LiveClientTest, TriesAgainWhereAConnectionIsResetAndPaysForBoth) {
    serve(
        [turn = std::make_shared<std::atomic<int>>(0)](const testing::Call&, testing::Peer& peer) {
            if (turn->fetch_add(1) > 0) {
                peer.send(testing::chat_stream({"Hello"}));
                return;
            }
            peer.send(testing::kStreamHead + testing::chat_pieces({"Hel"}));
            peer.reset();
        });
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hello");
    EXPECT_EQ(answer->attempts, 2);
    EXPECT_DOUBLE_EQ(answer->dollars, most() + (40 * 1 + 60 * 0.5 + 40 * 4) / 1e6);
}

TEST_F(LiveClientTest, GivesUpWhereEveryConnectionIsReset) {
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send(testing::kStreamHead + testing::chat_pieces({"Hel"}));
        peer.reset();
    });
    EXPECT_EQ(fault().kind, FaultKind::Transient);
    EXPECT_EQ(calls(), 3U);
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, 3 * most());
}

// Behind a gateway that waited in vain somebody may be thinking still.
TEST_F(LiveClientTest, PaysForWhatAGatewayMayHaveHandedOn) {
    serve_in_turn({testing::refusal(408, "timeout", "the request took too long"),
                   testing::answer(504, "text/html", "<html>504 Gateway Time-out</html>"),
                   testing::chat_stream({"Hi"})});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->attempts, 3);
    EXPECT_DOUBLE_EQ(answer->dollars, 2 * most() + (40 * 1 + 60 * 0.5 + 40 * 4) / 1e6);
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, answer->dollars);
}

TEST_F(LiveClientTest, PaysForNothingThatIsTurnedAway) {
    for (const int status : {400, 401, 402, 404, 409, 429, 500, 503, 529})
        EXPECT_FALSE(read_refusal({status, "", std::nullopt, ""}).may_cost) << status;
    EXPECT_EQ(read_refusal({409, "", std::nullopt, ""}).kind, FaultKind::Transient);
    for (const int status : {408, 502, 504, 522, 524})
        EXPECT_TRUE(read_refusal({status, "", std::nullopt, ""}).may_cost) << status;
}

TEST_F(LiveClientTest, TakesAMessageWithoutItsEndForCut) {
    serve(
        [](const testing::Call&, testing::Peer& peer) {
            peer.send(testing::kStreamHead + testing::messages_start() +
                      testing::messages_pieces({"Hel"}));
        },
        "messages");
    EXPECT_EQ(fault().kind, FaultKind::Transient);
    EXPECT_EQ(calls(), 3U);
}

TEST_F(LiveClientTest, ChargesTheMostWhereUsageIsMissing) {
    serve_in_turn({testing::kStreamHead + testing::chat_pieces({"Hi"}) + testing::kChatStop +
                   testing::kChatDone});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_FALSE(answer->usage.has_value());
    EXPECT_DOUBLE_EQ(answer->dollars, most());
}

TEST_F(LiveClientTest, ChargesTheMostWhereTheInputIsNotCounted) {
    serve_in_turn({testing::kStreamHead + testing::chat_pieces({"Hi"}) + testing::kChatStop +
                   "data: {\"choices\":[],\"usage\":{\"completion_tokens\":5}}\n\n" +
                   testing::kChatDone});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_FALSE(answer->usage.has_value());
    EXPECT_DOUBLE_EQ(answer->dollars, most());
}

// One reply can cost more than was set aside for it, but not the next, and not all of the rest.
TEST_F(LiveClientTest, SetsMoreAsideWhereAServerCountsMoreThanItMay) {
    const std::string greedy =
        testing::kStreamHead + testing::chat_pieces({"Hi"}) + testing::kChatStop +
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1000000}}\n\n" +
        testing::kChatDone;
    serve_in_turn({greedy});
    const Answer first = ask();
    ASSERT_TRUE(first.has_value()) << first.error().text;
    EXPECT_GT(first->dollars, 1000 * most());
    const Answer second = ask();
    ASSERT_TRUE(second.has_value()) << second.error().text;
    EXPECT_EQ(fault().kind, FaultKind::Budget);
    EXPECT_EQ(calls(), 2U);
    EXPECT_LE(ledger.spent().dollars, 10);
}

TEST_F(LiveClientTest, LearnsFromCallsSideBySideWhatOneOfThemShows) {
    const std::string greedy =
        testing::kStreamHead + testing::chat_pieces({"Hi"}) + testing::kChatStop +
        "data: "
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":100000}}\n\n" +
        testing::kChatDone;
    serve_in_turn({greedy});
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i)
        callers.emplace_back([&] { EXPECT_TRUE(ask().has_value()); });
    callers.clear();
    EXPECT_TRUE(ask().has_value()) << "what is set aside was multiplied by each of the four";
}

TEST_F(LiveClientTest, MakesTheNextQuestionWaitWhereThisOneIsGivenUp) {
    serve_in_turn({testing::refusal(429, "rate_limit_error", "later", "Retry-After: 0.7\r\n"),
                   testing::chat_stream({"Hi"})});
    const std::int64_t begin = os::now_ns();
    EXPECT_EQ(fault().kind, FaultKind::Transient);
    ASSERT_TRUE(ask().has_value());
    EXPECT_GE(os::seconds_since(begin), 0.7);
}

TEST_F(LiveClientTest, TakesAWholeBodyWithoutAReasonToEndForAReply) {
    serve_in_turn({testing::answer(
        200, "application/json",
        R"({"choices":[{"message":{"content":"Hi"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}})")});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hi");
    EXPECT_EQ(calls(), 1U);
}

TEST_F(LiveClientTest, ChargesTheMostWhereAMessageDoesNotCountItsReply) {
    // Its beginning counts one token; a long reply follows.
    const std::string uncounted =
        "event: message_delta\n"
        R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}})"
        "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    serve(
        [&](const testing::Call&, testing::Peer& peer) {
            peer.send(testing::kStreamHead + testing::messages_start() +
                      testing::messages_pieces({std::string(400, 'x')}) + uncounted);
        },
        "messages");
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_FALSE(answer->usage.has_value());
    EXPECT_DOUBLE_EQ(answer->dollars, most());
}

TEST_F(LiveClientTest, LeavesASlowLoris) {
    // A byte at a time, and never a line.
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send(testing::kStreamHead);
        while (!peer.stopping() && peer.send("x"))
            peer.wait(20);
    });
    account.patience.idle = 0.3;
    account.patience.attempts = 1;
    const std::int64_t begin = os::now_ns();
    const Fault left = fault();
    EXPECT_EQ(left.kind, FaultKind::Transient);
    EXPECT_THAT(left.text, HasSubstr("nothing came for 0.3 s"));
    EXPECT_LT(os::seconds_since(begin), 0.9);
}

TEST_F(LiveClientTest, LeavesAStreamThatIsAliveForEver) {
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send(testing::kStreamHead);
        while (!peer.stopping() && peer.send(": still here\n\n"))
            peer.wait(20);
    });
    account.patience.total = 1;
    account.patience.attempts = 1;
    EXPECT_THAT(fault().text, HasSubstr("not done after 1 s"));
}

TEST_F(LiveClientTest, LeavesAServerThatNeverAnswers) {
    serve([](const testing::Call&, testing::Peer& peer) { peer.wait(5000); });
    account.patience.idle = 0.3;
    account.patience.attempts = 1;
    EXPECT_THAT(fault().text, HasSubstr("nothing came for 0.3 s"));
    EXPECT_DOUBLE_EQ(ledger.spent().dollars,
                     most());  // it may be thinking, and will be paid for that
}

TEST_F(LiveClientTest, DoesNotWaitForAConnectionToCloseBehindTheEnd) {
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" +
                  testing::chat_pieces({"Hi"}) + testing::kChatStop + testing::kChatUsage +
                  testing::kChatDone);
        peer.wait(5000);
    });
    const std::int64_t begin = os::now_ns();
    ASSERT_TRUE(ask().has_value());
    EXPECT_LT(os::seconds_since(begin), 3);
}

TEST_F(LiveClientTest, RefusesNonsenseWithoutAskingAgain) {
    for (const std::string& nonsense :
         {testing::answer(200, "application/json", "{\"choices\": [{\"mess"),
          testing::answer(200, "text/html", "<html>Please log in</html>"),
          testing::kStreamHead + "data: [1, 2\n\n", testing::kStreamHead + "data: 7\n\n"}) {
        serve_in_turn({nonsense});
        EXPECT_EQ(fault().kind, FaultKind::Nonsense) << nonsense;
        EXPECT_EQ(calls(), 1U) << nonsense;
    }
}

TEST_F(LiveClientTest, SurvivesJsonOfEveryOtherShape) {
    for (const std::string shape :
         {"{}", R"({"choices":7})", R"({"choices":[]})", R"({"choices":[[1]]})",
          R"({"choices":[{"delta":[],"finish_reason":3}],"usage":[4]})",
          R"({"choices":[{"delta":{"content":{"a":1}}}],"usage":{"prompt_tokens":-5}})",
          R"({"choices":[{"delta":{"content":null}}],"usage":{"prompt_tokens":1e300}})"}) {
        ReplyReader reader(Dialect::Chat);
        reader.take({.name = "", .data = shape});
        const Answer answer = reader.finish();
        ASSERT_FALSE(answer.has_value()) << shape;
        EXPECT_EQ(answer.error().kind, FaultKind::Transient) << shape;
    }
    std::string deep(100'000, '[');
    ReplyReader reader(Dialect::Messages);
    reader.take({.name = "", .data = deep});
    EXPECT_EQ(reader.finish().error().kind, FaultKind::Nonsense);
}

TEST_F(LiveClientTest, TellsErrorsOfTheStreamApart) {
    const auto broken_off = [](std::string_view type) {
        return testing::kStreamHead + testing::messages_start() +
               fmt::format(
                   "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"{}\","
                   "\"message\":\"m\"}}}}\n\n",
                   type);
    };
    serve([&](const testing::Call&,
              testing::Peer& peer) { peer.send(broken_off("overloaded_error")); },
          "messages");
    EXPECT_EQ(fault().kind, FaultKind::Transient);
    EXPECT_EQ(calls(), 3U);
    serve([&](const testing::Call&,
              testing::Peer& peer) { peer.send(broken_off("invalid_request_error")); },
          "messages");
    EXPECT_EQ(fault().kind, FaultKind::Refused);
    EXPECT_EQ(calls(), 1U);
}

TEST_F(LiveClientTest, ReadsNoReplyWithoutEnd) {
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send(testing::kStreamHead);
        const std::string piece = testing::chat_pieces({std::string(60'000, 'x')});
        while (!peer.stopping() && peer.send(piece)) {
        }
    });
    EXPECT_EQ(fault().kind, FaultKind::TooLarge);
    EXPECT_EQ(calls(), 1U);
}

TEST_F(LiveClientTest, ReadsNoLineWithoutEnd) {
    for (const std::string& head :
         {testing::kStreamHead, std::string("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")}) {
        serve([head](const testing::Call&, testing::Peer& peer) {
            peer.send(head);
            const std::string piece(60'000, 'x');
            while (!peer.stopping() && peer.send(piece)) {
            }
        });
        EXPECT_EQ(fault().kind, FaultKind::TooLarge);
    }
}

TEST_F(LiveClientTest, ReadsNoHeadersWithoutEnd) {
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send("HTTP/1.1 200 OK\r\n");
        while (!peer.stopping() && peer.send("X-Filler: " + std::string(1000, 'x') + "\r\n")) {
        }
    });
    account.patience.attempts = 1;
    EXPECT_THAT(fault().text, HasSubstr("headers"));
}

TEST_F(LiveClientTest, ReadsNoErrorWithoutEnd) {
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send("HTTP/1.1 401 No\r\nContent-Type: text/plain\r\n\r\n");
        while (!peer.stopping() && peer.send(std::string(10'000, 'x'))) {
        }
    });
    const Fault refused = fault();
    EXPECT_EQ(refused.kind, FaultKind::Refused);
    EXPECT_LT(refused.text.size(), 600U);
}

}  // namespace
}  // namespace cupel::model

// SPDX-License-Identifier: Apache-2.0
// Where servers behave well; where the key goes; budgets and stopping. The ways in which servers
// misbehave are in live_client_faults_test.cpp.
#include "model/live_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "model/live_client_fixture.hpp"
#include "os/child.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"

namespace cupel::model {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// ---- well behaved ----

TEST_F(LiveClientTest, ReadsAStreamOfChatCompletions) {
    serve_in_turn({testing::chat_stream({"Hel", "lo \\u00e4", "."})});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hello \u00e4.");
    EXPECT_EQ(answer->ending, Ending::Whole);
    const Usage expected{.input = 100, .cached = 60, .written = {}, .output = 40, .reasoning = 25};
    EXPECT_EQ(answer->usage, expected);
    EXPECT_DOUBLE_EQ(answer->dollars, (40 * 1 + 60 * 0.5 + 40 * 4) / 1e6);
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, answer->dollars);
    EXPECT_EQ(ledger.reserved().dollars, 0);
    const testing::Call call = server->calls().at(0);
    EXPECT_THAT(call.head, HasSubstr("POST /v1/chat/completions HTTP/1.1"));
    EXPECT_THAT(call.head, HasSubstr("Authorization: Bearer " + std::string(kSecret)));
    EXPECT_THAT(call.body, HasSubstr(R"("role":"system")"));
    EXPECT_THAT(call.body, HasSubstr(R"("max_tokens":100)"));
    EXPECT_THAT(call.body, Not(HasSubstr("temperature")));
    EXPECT_THAT(call.body, Not(HasSubstr(std::string(kSecret))));
}

TEST_F(LiveClientTest, ReadsAStreamOfAnthropicMessages) {
    serve([](const testing::Call&,
             testing::Peer& peer) { peer.send(testing::messages_stream({"Hel", "lo."})); },
          "messages");
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hello.");
    const Usage expected{.input = 100, .cached = 60, .written = 10, .output = 40, .reasoning = {}};
    EXPECT_EQ(answer->usage, expected);
    EXPECT_DOUBLE_EQ(answer->dollars, (30 * 1 + 60 * 0.5 + 10 * 2 + 40 * 4) / 1e6);
    const testing::Call call = server->calls().at(0);
    EXPECT_THAT(call.head, HasSubstr("POST /v1/messages HTTP/1.1"));
    EXPECT_THAT(call.head, HasSubstr("x-api-key: " + std::string(kSecret)));
    EXPECT_THAT(call.body, HasSubstr(R"("system":[{"cache_control":{"type":"ephemeral"},)"
                                     R"("text":"You are terse.","type":"text"}])"));
}

TEST_F(LiveClientTest, ReadsAServerThatDoesNotStream) {
    serve_in_turn({testing::answer(
        200, "application/json",
        R"({"choices":[{"message":{"content":"Hello."},"finish_reason":"length"}],)"
        R"("usage":{"prompt_tokens":7,"completion_tokens":3}})")});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hello.");
    EXPECT_EQ(answer->ending, Ending::Cut);
    const Usage expected{.input = 7, .cached = {}, .written = {}, .output = 3, .reasoning = {}};
    EXPECT_EQ(answer->usage, expected);
    EXPECT_DOUBLE_EQ(answer->dollars, (7 * 1 + 3 * 4) / 1e6);
}

TEST_F(LiveClientTest, SendsWhatTheUserSaysOfTheModel) {
    serve_in_turn({testing::chat_stream({"Hi"})});
    LiveClient particular(
        account, price, ledger, {},
        {.limit_name = "max_completion_tokens", .system_role = false, .stream_usage = false});
    ASSERT_TRUE(particular.ask(question()).has_value());
    const std::string body = server->calls().at(0).body;
    EXPECT_THAT(body, HasSubstr(R"("max_completion_tokens":100)"));
    EXPECT_THAT(body, HasSubstr(R"("content":"You are terse.\n\nHello?")"));
    EXPECT_THAT(body, Not(HasSubstr("stream_options")));
}

TEST_F(LiveClientTest, SendsNoKeyWhereThereIsNone) {
    serve_in_turn({testing::chat_stream({"Hi"})});
    account.key = Key();
    ASSERT_TRUE(ask().has_value());
    EXPECT_THAT(server->calls().at(0).head, Not(HasSubstr("Authorization")));
}

TEST_F(LiveClientTest, PutsCharactersTogetherThatPacketsTakeApart) {
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send(testing::kStreamHead);
        peer.send_in_pieces(testing::chat_pieces({"\u00fc\u20ac\U0001F600"}) + testing::kChatStop +
                                testing::kChatUsage + testing::kChatDone,
                            7);
    });
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "\u00fc\u20ac\U0001F600");
}

TEST_F(LiveClientTest, ReplacesCharactersThatTheServerTakesApart) {
    serve_in_turn({testing::chat_stream({"a\xE2\x82", "\xAC z"})});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "a\uFFFD\uFFFD\uFFFD z");
}

TEST_F(LiveClientTest, ReplacesHalvesOfAPairThatTheServerTakesApart) {
    const auto piece = [](const std::string& text) {
        return R"(data: {"choices":[{"delta":{"content":")" + text + "\"}}]}\n\n";
    };
    serve_in_turn({testing::kStreamHead + piece("a\\ud83d") + piece("\\ude00z \\ud83d\\ude00") +
                   testing::kChatStop + testing::kChatUsage + testing::kChatDone});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "a\uFFFD\uFFFDz \U0001F600");
}

// ---- where the key goes ----

TEST_F(LiveClientTest, FollowsNoRedirection) {
    testing::Server elsewhere([](const testing::Call&, testing::Peer& peer) {
        peer.send(testing::chat_stream({"Give me your key"}));
    });
    for (const int status : {301, 302, 307, 308}) {
        serve_in_turn(
            {testing::answer(status, "text/plain", "", "Location: " + elsewhere.url() + "\r\n")});
        const Fault refused = fault();
        EXPECT_EQ(refused.kind, FaultKind::Refused);
        EXPECT_THAT(refused.text, HasSubstr(elsewhere.url()));
    }
    EXPECT_TRUE(elsewhere.calls().empty());
}

TEST_F(LiveClientTest, TakesTheKeyOutOfWhatTheServerEchoes) {
    const std::string far = std::string(480, '.') + std::string(kSecret);
    for (const std::string& words : {"bad key " + std::string(kSecret), far}) {
        serve_in_turn({testing::refusal(401, "authentication_error", words)});
        const std::string told = fault().text;
        EXPECT_THAT(told, Not(HasSubstr("0123456789")));
        EXPECT_THAT(told, Not(HasSubstr("sk-live")));
    }
    serve_in_turn({testing::chat_stream({"your key is sk-live-01234", "56789abcdef!"})});
    EXPECT_EQ(ask().value().text, "your key is [key]!");
}

TEST_F(LiveClientTest, RefusesACertificateThatNobodySigned) {
    const auto openssl = os::find_program("openssl");
    if (!openssl) GTEST_SKIP() << "openssl, which would be the server, is not installed";
    const os::TempDir folder = os::TempDir::make("cupel-tls").value();
    const std::string key = (folder.path() / "key.pem").string();
    const std::string certificate = (folder.path() / "certificate.pem").string();
    const auto made =
        os::run({.argv = {openssl->string(), "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                          "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                          "-keyout", key, "-out", certificate}},
                std::chrono::seconds(20));
    ASSERT_TRUE(made.has_value() && made->exit.code == 0) << (made ? made->text : "");
    serve_in_turn({""});
    const std::string url = server->url();
    server.reset();  // its port is free now
    const std::string port = url.substr(17, url.size() - 20);
    const auto tls = os::Child::start({.argv = {openssl->string(), "s_server", "-accept", port,
                                                "-cert", certificate, "-key", key, "-www"}});
    ASSERT_TRUE(tls.has_value());
    account.provider.base_url = "https://127.0.0.1:" + port + "/v1";
    Answer answer = ask();
    for (int tries = 0; tries < 40 && answer.error().kind == FaultKind::Transient; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        answer = ask();  // until it listens
    }
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, FaultKind::Refused);
    EXPECT_THAT(answer.error().text, HasSubstr("certificate"));
}

TEST_F(LiveClientTest, SpeaksNothingButTlsToAnHttpsAddress) {
    serve_in_turn({testing::chat_stream({"Hi"})});
    account.provider.base_url.replace(0, 4, "https");
    account.patience.attempts = 1;
    account.patience.connect = 0.3;
    EXPECT_FALSE(ask().has_value());
    EXPECT_TRUE(server->calls().empty());
}

// ---- budgets, pace, stopping ----

TEST_F(LiveClientTest, AsksNothingThatTheBudgetMightNotCover) {
    serve_in_turn({testing::chat_stream({"Hi"})});
    Ledger small({.dollars = most() * 0.99});
    LiveClient poor(account, price, small, {});
    const Answer answer = poor.ask(question());
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, FaultKind::Budget);
    EXPECT_EQ(calls(), 0U);
}

TEST_F(LiveClientTest, AsksNothingThatTheTokensMightNotCoverAndBooksWhatItTook) {
    serve_in_turn({testing::chat_stream({"Hi"})});
    const std::int64_t one = most_cost_of(question(), price).tokens;
    Ledger tokens({.tokens = one + 139});
    LiveClient frugal(account, price, tokens, {});
    EXPECT_EQ(frugal.ask(question()).value().tokens, 140);
    EXPECT_EQ(tokens.spent().tokens, 140);
    const Answer answer = frugal.ask(question());
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, FaultKind::Budget);
    EXPECT_THAT(answer.error().text, HasSubstr("tokens"));
    EXPECT_EQ(calls(), 1U);
}

TEST_F(LiveClientTest, CannotBeOvershotByCallsSideBySide) {
    // The budget holds three calls at their most; each turns out cheaper only when it has ended.
    constexpr int kThreads = 8;
    std::atomic<int> running = 0;
    std::atomic<int> most_running = 0;
    serve([&](const testing::Call&, testing::Peer& peer) {
        most_running = std::max(most_running.load(), ++running);
        peer.wait(100);
        peer.send(testing::kStreamHead + testing::chat_pieces({"Hi"}) + testing::kChatStop +
                  testing::kChatDone);
        --running;
    });
    Ledger shared({.dollars = most() * 3.5});
    LiveClient together(account, price, shared, {});
    std::atomic<int> answered = 0;
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            const Answer answer = together.ask(question());
            if (answer) ++answered;
            if (!answer && answer.error().kind == FaultKind::Budget) ++refused;
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(answered, 3);
    EXPECT_EQ(refused, kThreads - 3);
    EXPECT_LE(most_running, 3);
    EXPECT_LE(shared.spent().dollars, most() * 3.5);
}

TEST_F(LiveClientTest, StopsAtOnceWhereItIsAskedTo) {
    serve([](const testing::Call&, testing::Peer& peer) { peer.wait(5000); });
    std::thread later([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        stop = true;
    });
    const std::int64_t begin = os::now_ns();
    EXPECT_EQ(fault().kind, FaultKind::Stopped);
    EXPECT_LT(os::seconds_since(begin), 2);
    later.join();
}

TEST_F(LiveClientTest, TriesAgainWhereNobodyListens) {
    serve_in_turn({testing::chat_stream({"Hi"})});
    server.reset();
    const Answer answer = ask();
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, FaultKind::Transient);
    EXPECT_THAT(answer.error().text, HasSubstr("after 3 attempts"));
    EXPECT_EQ(ledger.spent().dollars, 0);
}

}  // namespace
}  // namespace cupel::model

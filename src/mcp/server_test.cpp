// SPDX-License-Identifier: Apache-2.0
#include "mcp/server.hpp"

#include <gtest/gtest.h>

#include "mcp/testing.hpp"

namespace cupel::mcp {
namespace {

using nlohmann::json;

json modern(json more = json::object(), const char* version = "2026-07-28") {
    more["_meta"]["io.modelcontextprotocol/protocolVersion"] = version;
    more["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json::object();
    return more;
}
json slow(int n) {
    return {{"name", "slow"}, {"arguments", {{"n", n}}}};
}
int code_of(const json& message) {
    return message.is_object() && message.contains("error") ? message["error"]["code"].get<int>()
                                                            : 0;
}

// ---- messages ----

TEST(Messages, AreRefusedWithTheCodeOfTheirFault) {
    struct Case {
        std::string line;
        int code;
        json id;
    };
    const std::string deep(100'000, '[');
    for (const Case& each : std::vector<Case>{
             {"not json", -32700, nullptr},
             {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", -32700, nullptr},
             {R"({"jsonrpc":"2.0","id":1,"method":"\ud800"})", -32700, nullptr},
             {R"({"jsonrpc":"2.0","id":1e999,"method":"ping"})", -32700, nullptr},
             {deep, -32600, nullptr},
             {"7", -32600, nullptr},
             {"[]", -32600, nullptr},
             {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600, nullptr},
             {R"({"id":1,"method":"ping"})", -32600, 1},
             {R"({"jsonrpc":"1.0","id":"a","method":"ping"})", -32600, "a"},
             {R"({"jsonrpc":"2.0","id":1})", -32600, 1},
             {R"({"jsonrpc":"2.0","id":1,"method":7})", -32600, 1},
             {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600, nullptr},
             {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600, nullptr},
             {R"({"jsonrpc":"2.0","id":[1],"method":"ping"})", -32600, nullptr},
             {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", -32602, 1},
             {R"({"jsonrpc":"2.0","id":1,"method":"resources/list"})", -32602, 1},
         }) {
        Scene scene;
        const json said = scene.say(each.line);
        EXPECT_EQ(scene.sent.size(), 1U) << each.line.substr(0, 80);
        EXPECT_EQ(code_of(said), each.code) << each.line.substr(0, 80);
        EXPECT_EQ(said.contains("id"), !each.id.is_null()) << said;
        if (!each.id.is_null()) {
            EXPECT_EQ(said["id"], each.id);
        }
    }
}

TEST(Messages, AreNotAnsweredWhereNoAnswerIsDue) {
    Scene scene;
    scene.introduce();
    for (const char* line : {R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
                             R"({"jsonrpc":"2.0","method":"no/such/thing","params":{}})",
                             R"({"jsonrpc":"2.0","method":"tools/call","params":[]})",
                             R"({"jsonrpc":"2.0","id":1,"result":{}})",
                             R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}})",
                             R"({"jsonrpc":"2.0","method":"notifications/cancelled"})",
                             R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":)"
                             R"({"requestId":{"a":1}}})",
                             "", "   "}) {
        EXPECT_TRUE(scene.say(line).is_null()) << line;
    }
}

TEST(Messages, BearTheIdsThatTheyWereAskedUnder) {
    Scene scene;
    for (const json& id : {json(0), json(-7), json(18446744073709551615U), json(3.0), json("seven"),
                           json(""), json("a\u00e9\n\"")}) {
        const json said = scene.ask(id, "ping");
        EXPECT_EQ(said["id"], id);
        EXPECT_EQ(said["result"], json::object());
    }
}

TEST(Messages, ThatAreTooLongAreRefusedOnceAndTheNextIsRead) {
    Scene scene;
    const std::string piece(std::size_t{1} << 20, 'x');
    for (int i = 0; i < 20; ++i)
        scene.server.receive(piece, 0);
    EXPECT_TRUE(scene.sent.empty());
    scene.server.receive("\n", 0);
    ASSERT_EQ(scene.sent.size(), 1U);
    EXPECT_EQ(code_of(scene.sent[0]), -32600);
    EXPECT_EQ(scene.ask(1, "ping")["id"], 1);
}

// ---- the legacy era ----

TEST(Legacy, AnswersWithTheRevisionThatWasAskedForOrTheNewestOfItsOwn) {
    const auto agreed = [](const char* asked) {
        Scene scene;
        return scene.ask(1, "initialize",
                         {{"protocolVersion", asked}})["result"]["protocolVersion"];
    };
    EXPECT_EQ(agreed("2025-06-18"), "2025-06-18");
    EXPECT_EQ(agreed("2025-11-25"), "2025-11-25");
    EXPECT_EQ(agreed("2024-11-05"), "2025-11-25");
    EXPECT_EQ(agreed("2026-07-28"), "2025-11-25");  // which has no initialize
    Scene scene;
    EXPECT_EQ(code_of(scene.ask(1, "initialize")), -32602);
    const json said = scene.ask(2, "initialize", {{"protocolVersion", "2025-06-18"}});
    EXPECT_EQ(said["result"]["serverInfo"]["name"], "test");
    EXPECT_EQ(said["result"]["capabilities"], json({{"tools", json::object()}}));
    EXPECT_FALSE(said["result"].contains("resultType"));
}

TEST(Legacy, AnswersNothingButPingsBeforeTheClientHasIntroducedItself) {
    Scene scene;
    EXPECT_EQ(code_of(scene.ask(1, "tools/list")), -32602);
    EXPECT_EQ(code_of(scene.ask(2, "ping")), 0);
    scene.introduce();
    const json listed = scene.ask(3, "tools/list")["result"];
    ASSERT_EQ(listed["tools"].size(), 1U);
    EXPECT_EQ(listed["tools"][0]["name"], "slow");
    EXPECT_EQ(listed["tools"][0]["inputSchema"]["required"], json::array({"n"}));
    EXPECT_FALSE(listed.contains("ttlMs"));
    EXPECT_EQ(code_of(scene.ask(4, "tools/list", {{"cursor", "x"}})), -32602);
    EXPECT_EQ(code_of(scene.ask(5, "resources/list")), -32601);
}

// ---- the modern era ----

TEST(Modern, IsServedWithoutAHandshakeAndSaysWhoAnswers) {
    Scene scene;
    const json found = scene.ask(1, "server/discover", modern())["result"];
    EXPECT_EQ(found["supportedVersions"], json::array({"2026-07-28"}));
    EXPECT_EQ(found["capabilities"], json({{"tools", json::object()}}));
    EXPECT_EQ(found["resultType"], "complete");
    EXPECT_EQ(found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "test");
    EXPECT_TRUE(found["ttlMs"].is_number_integer());
    EXPECT_EQ(found["cacheScope"], "public");
    const json listed = scene.ask(2, "tools/list", modern())["result"];
    EXPECT_TRUE(listed["ttlMs"].is_number_integer());
    const json called = scene.ask(3, "tools/call", modern(slow(0)))["result"];
    EXPECT_EQ(called["resultType"], "complete");
    EXPECT_EQ(called["structuredContent"], json({{"counted", true}}));
}

TEST(Modern, RefusesRequestsThatDoNotSayWhatTheyMust) {
    Scene scene;
    const json other = scene.ask(1, "tools/list", modern(json::object(), "1900-01-01"));
    EXPECT_EQ(code_of(other), -32022);
    EXPECT_EQ(other["error"]["data"],
              json({{"supported", {"2026-07-28"}}, {"requested", "1900-01-01"}}));
    EXPECT_EQ(code_of(scene.ask(2, "server/discover")), -32602);
    json bare = modern();
    bare["_meta"].erase("io.modelcontextprotocol/clientCapabilities");
    EXPECT_EQ(code_of(scene.ask(3, "tools/list", bare)), -32602);
    bare = modern();
    bare["_meta"]["io.modelcontextprotocol/protocolVersion"] = 7;
    EXPECT_EQ(code_of(scene.ask(4, "tools/list", bare)), -32602);
    EXPECT_EQ(code_of(scene.ask(5, "ping", modern())), -32601);  // the revision has none
}

TEST(Modern, AndLegacyAreServedSideBySide) {
    Scene scene;
    scene.introduce();
    EXPECT_TRUE(scene.ask(1, "tools/list", modern())["result"].contains("ttlMs"));
    EXPECT_FALSE(scene.ask(2, "tools/list")["result"].contains("ttlMs"));
}

// ---- tools ----

TEST(Calls, TellFailuresOfTheToolAsResultsAndFaultsOfTheProtocolAsErrors) {
    Scene scene;
    scene.introduce();
    const json failed = scene.ask(1, "tools/call", slow(13))["result"];
    EXPECT_EQ(failed["isError"], true);
    EXPECT_EQ(failed["content"][0]["text"], "thirteen; take another number");
    EXPECT_FALSE(failed.contains("structuredContent"));
    const json wrong = scene.ask(2, "tools/call", slow(-1))["result"];
    EXPECT_EQ(wrong["isError"], true);
    EXPECT_EQ(wrong["content"][0]["text"], "wrong arguments: n: expected at least 0");
    const json right = scene.ask(3, "tools/call", slow(0))["result"];
    EXPECT_EQ(right["isError"], false);
    EXPECT_EQ(json::parse(right["content"][1]["text"].get<std::string>()),
              right["structuredContent"]);
    EXPECT_EQ(code_of(scene.ask(4, "tools/call", {{"name", "fast"}})), -32602);
    EXPECT_EQ(code_of(scene.ask(5, "tools/call")), -32602);
    EXPECT_EQ(code_of(scene.ask(6, "tools/call", {{"name", "slow"}, {"arguments", 1}})), -32602);
}

TEST(Calls, AreAnsweredLaterUnderTheirOwnIds) {
    Scene scene;
    scene.introduce();
    EXPECT_TRUE(scene.ask("long", "tools/call", slow(3)).is_null());
    EXPECT_TRUE(scene.ask("short", "tools/call", slow(1)).is_null());
    EXPECT_EQ(scene.ask("between", "ping")["id"], "between");
    scene.sent.clear();
    scene.server.step(0.1);
    ASSERT_EQ(scene.sent.size(), 1U);
    EXPECT_EQ(scene.sent[0]["id"], "short");
    scene.server.step(0.2);
    scene.server.step(0.3);
    ASSERT_EQ(scene.sent.size(), 2U);
    EXPECT_EQ(scene.sent[1]["id"], "long");
    EXPECT_EQ(scene.log.alive, 0);
}

TEST(Calls, TellTheirProgressToWhoeverGaveAToken) {
    Scene scene;
    scene.introduce();
    json asked = slow(100);
    asked["_meta"]["progressToken"] = "t";
    (void)scene.ask(1, "tools/call", asked);
    (void)scene.ask(2, "tools/call", slow(100));
    scene.sent.clear();
    for (int i = 1; i <= 9; ++i)
        scene.server.step(i);
    ASSERT_EQ(scene.sent.size(), 4U);
    double before = 0;
    for (const json& each : scene.sent) {
        EXPECT_EQ(each["method"], "notifications/progress");
        EXPECT_EQ(each["params"]["progressToken"], "t");
        EXPECT_GT(each["params"]["progress"].get<double>(), before);
        before = each["params"]["progress"].get<double>();
    }
}

TEST(Calls, ThatAreCancelledEndAndAreNeverAnswered) {
    Scene scene;
    scene.introduce();
    (void)scene.ask(1, "tools/call", slow(2));
    (void)scene.ask("1", "tools/call", slow(2));
    EXPECT_TRUE(scene
                    .say(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                         R"("params":{"requestId":1}})")
                    .is_null());
    EXPECT_EQ(scene.log.cancelled, 1);
    EXPECT_EQ(scene.log.alive, 1);
    for (int i = 0; i < 5; ++i)
        scene.server.step(i);
    ASSERT_EQ(scene.sent.size(), 1U);
    EXPECT_EQ(scene.sent[0]["id"], "1");
}

TEST(Calls, UnderAnIdInUseAreRefusedWithoutIt) {
    Scene scene;
    scene.introduce();
    (void)scene.ask(1, "tools/call", slow(1));
    const json again = scene.ask(1, "ping");
    EXPECT_EQ(code_of(again), -32600);
    EXPECT_FALSE(again.contains("id"));
    scene.server.step(1);
    EXPECT_EQ(scene.sent.back()["id"], 1);
    EXPECT_EQ(scene.ask(1, "ping")["id"], 1);  // answered, so it is free
}

TEST(Calls, AreBoundedInNumber) {
    Scene scene;
    scene.introduce();
    for (int i = 0; i < 1000; ++i)
        (void)scene.ask(i, "tools/call", slow(100));
    EXPECT_EQ(scene.server.calls(), kMostCalls);
    EXPECT_EQ(scene.sent.back()["result"]["isError"], true);
}

}  // namespace
}  // namespace cupel::mcp

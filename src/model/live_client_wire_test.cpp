// SPDX-License-Identifier: Apache-2.0
// How replies come over the wire: without a label, compressed, long.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/live_client_fixture.hpp"

namespace cupel::model {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;

// ---- streams without a label ----

TEST_F(LiveClientTest, KnowsAStreamWithoutItsLabel) {
    const std::string events = testing::chat_pieces({"Hel", "lo"}) + testing::kChatStop +
                               testing::kChatUsage + testing::kChatDone;
    for (const std::string before :
         {"\r\n", "Content-Type: text/plain; charset=utf-8\r\n\r\n",
          "Content-Type: application/octet-stream\r\n\r\n", "\r\n\r\n\n", "\r\n: PROCESSING\n\n",
          "\r\n\xEF\xBB\xBF", "\r\nevent: chunk\n"}) {
        serve_in_turn(
            {fmt::format("HTTP/1.1 200 OK\r\nConnection: close\r\n{}{}", before, events)});
        const Answer answer = ask();
        ASSERT_TRUE(answer.has_value()) << before << answer.error().text;
        EXPECT_EQ(answer->text, "Hello");
        EXPECT_DOUBLE_EQ(answer->dollars, (40 * 1 + 60 * 0.5 + 40 * 4) / 1e6);
        EXPECT_EQ(calls(), 1U);
    }
}

TEST_F(LiveClientTest, KnowsAStreamWithoutItsLabelHoweverItComes) {
    serve([](const testing::Call&, testing::Peer& peer) {
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        peer.send_in_pieces("\nevent: x\n" + testing::chat_pieces({"Hi"}) + testing::kChatStop +
                                testing::kChatUsage + testing::kChatDone,
                            1);
    });
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hi");
}

TEST_F(LiveClientTest, TakesNothingElseForAStream) {
    for (const std::string body : {"data", "even", "database: down", "<html>: no", "\n\n.data: "}) {
        serve_in_turn({testing::answer(200, "text/plain", body)});
        EXPECT_EQ(fault().kind, FaultKind::Nonsense) << body;
    }
    serve_in_turn({testing::answer(200, "text/plain", std::string(100'000, '\n'))});
    EXPECT_EQ(fault().kind, FaultKind::Transient);
}

// ---- compressed ----

// A chat completion that says "Hi", by gzip.
const std::string kCompressed =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x3d\xcc\x31\x0a\xc3\x30\x0c\x46\xe1\xbb\xfc\xb3\x97"
    "\xd0"
    "\xcd\x27\xe8\x1d\x42\x31\xc6\x28\x8d\x68\x2d\x19\x4b\x99\x8c\xef\x5e\x2f\xcd\xfa\xc1\x7b\x03"
    "\xe5"
    "\x54\x2e\x64\x88\xfb\x40\x25\xb3\xfc\x26\xc4\x81\xa2\xe2\x24\x8e\x88\x27\x63\x06\x1c\x2c\x6c"
    "\x67"
    "\xea\x94\x4d\x65\xa9\xb9\x36\xcc\x57\xc0\xf5\x2f\x5a\xd7\xda\x3c\xb9\x7e\x48\xd6\xee\x11\xd6"
    "\xa3"
    "\xb6\x2f\x39\xab\xdc\xba\xcd\xf9\x03\x04\x00\x10\xe3\x73\x00\x00\x00"s;

std::string compressed(std::string_view body) {
    return testing::answer(200, "application/json", body, "Content-Encoding: gzip\r\n");
}

// Blanks beyond measure, 258 for 13 bits: a fixed Huffman block that copies what it wrote before
// (RFC 1951, 3.2.6).
std::string bomb(std::size_t copies) {
    std::string bytes = "\x1F\x8B\x08\0\0\0\0\0\0\xFF"s;
    unsigned bits = 0;
    int held = 0;
    const auto put = [&](unsigned code, int count) {
        for (int i = count - 1; i >= 0; --i) {  // codes come with their first bit first
            bits |= (code >> i & 1U) << held;
            if (++held < 8) continue;
            bytes += static_cast<char>(bits);
            bits = 0;
            held = 0;
        }
    };
    put(0b110, 3);       // the last block, of fixed codes
    put(0x30 + ' ', 8);  // a blank
    for (std::size_t i = 0; i < copies; ++i) {
        put(0b11000101, 8);  // 258 bytes
        put(0, 5);           // from one before
    }
    return bytes;
}

TEST_F(LiveClientTest, ReadsWhatIsCompressed) {
    serve_in_turn({compressed(kCompressed)});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hi");
    EXPECT_THAT(server->calls().at(0).head, HasSubstr("Accept-Encoding: "));
}

TEST_F(LiveClientTest, ReadsNoMoreOfABombThanOfAnythingElse) {
    const std::string packed = bomb(1 << 20);  // 258 MiB in 1.6
    serve_in_turn({compressed(packed)});
    EXPECT_EQ(fault().kind, FaultKind::TooLarge);
    EXPECT_EQ(calls(), 1U);
    serve_in_turn({testing::answer(401, "text/plain", packed, "Content-Encoding: gzip\r\n")});
    EXPECT_EQ(fault().kind, FaultKind::Refused);
}

TEST_F(LiveClientTest, TriesAgainWhereWhatIsCompressedIsBroken) {
    serve_in_turn({compressed("this is no gzip"), compressed(kCompressed)});
    const Answer answer = ask();
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->attempts, 2);
}

// ---- long ----

TEST_F(LiveClientTest, ReadsAStreamAsLongAsItsTokensMayBe) {
    std::string silence;  // comments are not looked into, so this takes no time
    while (silence.size() < (9U << 20))
        silence += ": " + std::string(4000, '.') + "\n";
    serve_in_turn({testing::kStreamHead + silence + testing::chat_pieces({"Hi"}) +
                   testing::kChatStop + testing::kChatUsage + testing::kChatDone});
    Request patient = question();
    patient.max_tokens = 5'000;
    const Answer answer = client->ask(patient);
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(answer->text, "Hi");
    patient.max_tokens = 4'200;
    const Answer less = client->ask(patient);
    ASSERT_FALSE(less.has_value());
    EXPECT_EQ(less.error().kind, FaultKind::TooLarge);
    EXPECT_EQ(calls(), 2U);
}

}  // namespace
}  // namespace cupel::model

// SPDX-License-Identifier: Apache-2.0
// What attempts that came to nothing may have cost is known to whoever goes on with a run, too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "model/live_client_fixture.hpp"
#include "model/recording.hpp"
#include "os/files.hpp"

namespace cupel::model {
namespace {

struct LostAttempts : LiveClientTest {
    os::TempDir folder = os::TempDir::make("cupel-lost").value();
    std::filesystem::path place = folder.path() / "model";

    Recording open(Recording::Mode mode = Recording::Mode::Record) const {
        return Recording::open(place, mode).value();
    }
    Answer ask_through(Recording& recording) {
        RecordingClient recorded(recording, "chat", client.get(), price);
        return recorded.ask(question());
    }
    static std::string cut() { return testing::kStreamHead + testing::chat_pieces({"Hel"}); }
};

TEST_F(LostAttempts, AreBookedInTheRecordingAsInTheLedger) {
    serve_in_turn({cut()});
    Recording recording = open();
    EXPECT_FALSE(ask_through(recording).has_value());
    EXPECT_EQ(calls(), 3U);
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, 3 * most());
    EXPECT_DOUBLE_EQ(recording.spent().dollars, ledger.spent().dollars);
    EXPECT_DOUBLE_EQ(open().spent().dollars, ledger.spent().dollars);
    EXPECT_EQ(open().spent().tokens, ledger.spent().tokens);
}

TEST_F(LostAttempts, StayWithinTheBudgetHoweverOftenTheRunGoesOn) {
    serve_in_turn({cut()});
    const double limit = 3.5 * most();
    for (int part = 0; part < 3; ++part) {
        Recording recording = open();
        Ledger own({.dollars = limit}, recording.spent());
        LiveClient again(account, price, own, {});
        RecordingClient recorded(recording, "chat", &again, price);
        EXPECT_FALSE(recorded.ask(question()).has_value());
        EXPECT_LE(own.spent().dollars, limit);
    }
    EXPECT_EQ(calls(), 3U);
}

TEST_F(LostAttempts, AreKnownWhereTheBudgetEndsTheAsking) {
    serve_in_turn({cut()});
    Recording recording = open();
    Ledger own({.dollars = 2.5 * most()});
    LiveClient poor(account, price, own, {});
    RecordingClient recorded(recording, "chat", &poor, price);
    const Answer answer = recorded.ask(question());
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().kind, FaultKind::Budget);
    EXPECT_EQ(calls(), 2U);
    EXPECT_DOUBLE_EQ(open().spent().dollars, 2 * most());
}

TEST_F(LostAttempts, AreKnownWhereTheUserStopsTheAsking) {
    serve([this, turn = std::make_shared<std::atomic<int>>(0)](const testing::Call&,
                                                               testing::Peer& peer) {
        if (turn->fetch_add(1) == 1) stop = true;
        peer.send(cut());
    });
    Recording recording = open();
    EXPECT_FALSE(ask_through(recording).has_value());
    EXPECT_EQ(calls(), 2U);
    EXPECT_DOUBLE_EQ(open().spent().dollars, ledger.spent().dollars);
}

TEST_F(LostAttempts, AreKnownWhereTheAskerIsKilledInTheMiddle) {
    std::vector<double> known;  // to one who goes on with what lies there during each call
    serve([&](const testing::Call&, testing::Peer& peer) {
        known.push_back(open(Recording::Mode::Replay).spent().dollars);
        peer.send(cut());
    });
    Recording recording = open();
    EXPECT_FALSE(ask_through(recording).has_value());
    ASSERT_EQ(known.size(), 3U);
    for (std::size_t i = 0; i < known.size(); ++i)
        EXPECT_DOUBLE_EQ(known[i], static_cast<double>(i + 1) * most());
    EXPECT_DOUBLE_EQ(open().spent().dollars, 3 * most());
}

}  // namespace
}  // namespace cupel::model

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "archive/archive.hpp"
#include "archive/schema.hpp"
#include "os/files.hpp"

namespace cupel::archive {
namespace {

Ask some_ask(std::string hash, std::optional<KernelId> kernel) {
    Ask ask;
    ask.hash = std::move(hash);
    ask.author = "openai:m";
    ask.way = "cross";
    ask.parents = {"aa", "bb"};
    ask.kernel = kernel;
    ask.outcome = kernel ? "faster" : "there is no block of code";
    ask.idea = "tile it";
    ask.gain = 0.25;
    ask.dollars = 0.125;
    ask.seconds = 7;
    ask.input = 1000;
    ask.output = 200;
    ask.cached = 600;
    ask.reasoning = 0;
    return ask;
}

TEST(Asks, AreReadBackAsTheyWereRecordedAndOnlyOnce) {
    Archive archive = Archive::open(":memory:").value();
    const KernelId kernel = archive.record_kernel({{"int a;", "", "model"}, "edit", {}}).value();
    ASSERT_TRUE(archive.record_ask(some_ask("one", kernel)));
    ASSERT_TRUE(archive.record_ask(some_ask("two", std::nullopt)));
    Ask again = some_ask("one", std::nullopt);
    again.dollars = 99;
    ASSERT_TRUE(archive.record_ask(again));
    const std::vector<Ask> asks = archive.asks().value();
    ASSERT_EQ(asks.size(), 2U);
    EXPECT_EQ(asks[0].kernel, kernel);
    EXPECT_EQ(asks[0].parents, (std::vector<std::string>{"aa", "bb"}));
    EXPECT_EQ(asks[0].dollars, 0.125);
    EXPECT_EQ(asks[0].input, 1000);
    EXPECT_EQ(asks[0].output, 200);
    EXPECT_EQ(asks[0].cached, 600);
    EXPECT_EQ(asks[0].written, std::nullopt);
    EXPECT_EQ(asks[0].reasoning, 0);  // which was said
    EXPECT_FALSE(asks[1].kernel.has_value());
    EXPECT_EQ(asks[1].outcome, "there is no block of code");
    EXPECT_FALSE(asks[1].at.empty());
}

TEST(Asks, AreNoneInAnArchiveOfTheTimeBefore) {
    const os::TempDir folder = os::TempDir::make("cupel-asks").value();
    const auto path = folder.path() / "archive.db";
    {
        auto database = Database::open(path, Database::Mode::ReadWrite).value();
        ASSERT_TRUE(database.run(kMigrations[0]));
        ASSERT_TRUE(database.run("PRAGMA application_id = 1129664588; PRAGMA user_version = 1"));
    }
    EXPECT_TRUE(Archive::open_read_only(path).value().asks()->empty());
    Archive archive = Archive::open(path).value();
    ASSERT_TRUE(archive.record_ask(some_ask("one", std::nullopt)));
    EXPECT_EQ(archive.asks()->size(), 1U);
}

TEST(Asks, OfTheTimeBeforeDoNotKnowWhichTokensWereCached) {
    const os::TempDir folder = os::TempDir::make("cupel-asks").value();
    const auto path = folder.path() / "archive.db";
    {
        auto database = Database::open(path, Database::Mode::ReadWrite).value();
        ASSERT_TRUE(database.run(kMigrations[0]));
        ASSERT_TRUE(database.run(kMigrations[1]));
        ASSERT_TRUE(
            database.run("INSERT INTO asks (hash, author, way, parents, outcome, idea, gain, "
                         "dollars, seconds, input, output, at) VALUES ('old', 'openai:m', 'edit', "
                         "'aa bb', 'wrong', 'tile it', 0, 0.5, 7, 1000, 200, 'then');"
                         "PRAGMA application_id = 1129664588; PRAGMA user_version = 2"));
    }
    const auto expect_old = [](const Ask& ask) {
        EXPECT_EQ(ask.hash, "old");
        EXPECT_EQ(ask.input, 1000);
        EXPECT_EQ(ask.at, "then");
        EXPECT_EQ(ask.cached, std::nullopt);
        EXPECT_EQ(ask.written, std::nullopt);
        EXPECT_EQ(ask.reasoning, std::nullopt);
    };
    {
        Archive unchanged = Archive::open_read_only(path).value();
        const std::vector<Ask> asks = unchanged.asks().value();
        ASSERT_EQ(asks.size(), 1U);
        expect_old(asks[0]);
    }
    Archive archive = Archive::open(path).value();
    EXPECT_FALSE(archive.set_aside());
    ASSERT_TRUE(archive.record_ask(some_ask("new", std::nullopt)));
    const std::vector<Ask> asks = archive.asks().value();
    ASSERT_EQ(asks.size(), 2U);
    expect_old(asks[0]);
    EXPECT_EQ(asks[1].cached, 600);
}

TEST(Asks, KnowWhetherAKernelIsQuarantined) {
    Archive archive = Archive::open(":memory:").value();
    const KernelId bad = archive.record_kernel({{"int a;", "", "model"}, "edit", {}}).value();
    const KernelId child = archive.record_kernel({{"int b;", "", "model"}, "edit", {bad}}).value();
    EXPECT_FALSE(archive.is_quarantined(child).value());
    ASSERT_TRUE(archive.quarantine(bad));
    EXPECT_TRUE(archive.is_quarantined(child).value());
}

}  // namespace
}  // namespace cupel::archive

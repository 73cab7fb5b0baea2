// SPDX-License-Identifier: Apache-2.0
#include "archive/database.hpp"

#include <gtest/gtest.h>

#include "os/files.hpp"

namespace cupel::archive {
namespace {

class DatabaseTest : public testing::Test {
protected:
    std::optional<os::TempDir> folder_ = os::TempDir::make("cupel-database").value();
    Database database_ =
        Database::open(folder_->path() / "x.db", Database::Mode::ReadWrite).value();
};

TEST_F(DatabaseTest, ATransactionThatIsDroppedLeavesNothing) {
    ASSERT_TRUE(database_.run("CREATE TABLE t (x INTEGER)"));
    {
        auto transaction = Transaction::begin(database_);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(database_.run("INSERT INTO t VALUES (1)"));
    }
    EXPECT_EQ(database_.ask("SELECT count(*) FROM t").value(), 0);
    auto transaction = Transaction::begin(database_);
    ASSERT_TRUE(database_.run("INSERT INTO t VALUES (1)"));
    ASSERT_TRUE(transaction->commit());
    EXPECT_EQ(database_.ask("SELECT count(*) FROM t").value(), 1);
}

TEST_F(DatabaseTest, AFullDiskIsFullAndRollsBack) {
    ASSERT_TRUE(database_.run("CREATE TABLE t (x TEXT); PRAGMA max_page_count = 8"));
    auto insert = database_.prepare("INSERT INTO t VALUES (?)");
    ASSERT_TRUE(insert);
    const Result<void> done = insert->bind(std::string(1 << 20, 'x')).run();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::Full);
    EXPECT_EQ(database_.ask("SELECT count(*) FROM t").value(), 0);
}

TEST_F(DatabaseTest, TextKeepsZeroBytesAndEmptiness) {
    auto query = database_.prepare("SELECT ?, ?, ? IS NULL");
    ASSERT_TRUE(query);
    const std::string text("a\0b", 3);
    ASSERT_TRUE(
        query->bind(text).bind(std::string_view()).bind(std::optional<std::int64_t>()).step());
    EXPECT_EQ(query->text(0), text);
    EXPECT_EQ(query->text(1), "");
    EXPECT_FALSE(query->is_null(1));
    EXPECT_EQ(query->integer(2), 1);
}

TEST_F(DatabaseTest, WrongSqlAndTooManyParametersAreErrors) {
    EXPECT_FALSE(database_.prepare("SELEKT 1"));
    EXPECT_FALSE(database_.run("INSERT INTO nowhere VALUES (1)"));
    auto query = database_.prepare("SELECT ?");
    ASSERT_TRUE(query);
    EXPECT_FALSE(query->bind(1.0).bind(2.0).step());
}

TEST_F(DatabaseTest, AWriterWaitsForNobodyToRead) {
    ASSERT_TRUE(database_.run("PRAGMA journal_mode = WAL; CREATE TABLE t (x INTEGER)"));
    auto reader = Database::open(folder_->path() / "x.db", Database::Mode::ReadOnly);
    ASSERT_TRUE(reader);
    auto query = reader->prepare("SELECT count(*) FROM t");
    ASSERT_TRUE(query->step().value());  // holds its snapshot
    EXPECT_TRUE(database_.run("INSERT INTO t VALUES (1)"));
    EXPECT_EQ(query->integer(0), 0);
    EXPECT_FALSE(reader->run("INSERT INTO t VALUES (2)"));
}

}  // namespace
}  // namespace cupel::archive

// SPDX-License-Identifier: Apache-2.0
#include "os/append.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "os/files.hpp"

namespace cupel::os {
namespace {

class Append : public testing::Test {
protected:
    void SetUp() override {
        auto made = TempDir::make("cupel-");
        ASSERT_TRUE(made) << made.error().text;
        folder_.emplace(std::move(*made));
    }
    [[nodiscard]] std::filesystem::path file() const { return folder_->path() / "a" / "lines"; }
    [[nodiscard]] std::string text() const { return read_file(file()).value_or(""); }
    std::optional<TempDir> folder_;
};

TEST_F(Append, AddsWholeLinesAndEndsATornOne) {
    ASSERT_TRUE(append_line(file(), "one", 10));
    ASSERT_TRUE(append_line(file(), "two", 10));
    EXPECT_EQ(text(), "one\ntwo\n");
    ASSERT_TRUE(write_file_atomically(file(), "one\ntw"));
    ASSERT_TRUE(append_line(file(), "three", 10));
    EXPECT_EQ(text(), "one\ntw\nthree\n");
}

TEST_F(Append, APipeInItsPlaceIsRefusedAtOnce) {
    std::filesystem::create_directories(file().parent_path());
    ASSERT_EQ(mkfifo(file().c_str(), 0600), 0);
    EXPECT_FALSE(append_line(file(), "one", 10));
}

TEST_F(Append, KeepsTheLastLines) {
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(append_line(file(), std::to_string(i), 4));
        EXPECT_LE(std::ranges::count(text(), '\n'), 8);
        EXPECT_TRUE(text().ends_with(std::to_string(i) + "\n"));
    }
    EXPECT_TRUE(text().find("\n96\n") != std::string::npos);
}

TEST_F(Append, LosesNothingWhereManyWriteAtOnce) {
    std::vector<std::future<bool>> writers;
    for (int writer = 0; writer < 8; ++writer) {
        writers.push_back(std::async(std::launch::async, [this, writer] {
            for (int i = 0; i < 20; ++i) {
                const std::string line(50, static_cast<char>('a' + writer));
                if (!append_line(file(), line, 1000)) return false;
            }
            return true;
        }));
    }
    for (auto& writer : writers)
        EXPECT_TRUE(writer.get());
    EXPECT_EQ(text().size(), 8U * 20U * 51U);
    EXPECT_EQ(std::ranges::count(text(), '\n'), 160);
}

TEST_F(Append, WithoutAPlaceIsAnError) {
    EXPECT_FALSE(append_line("/proc/nowhere/lines", "x", 4));
}

}  // namespace
}  // namespace cupel::os

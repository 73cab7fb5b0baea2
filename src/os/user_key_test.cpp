// SPDX-License-Identifier: Apache-2.0
#include "os/user_key.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <future>
#include <optional>
#include <set>

#include "os/files.hpp"

namespace cupel::os {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class UserKey : public testing::Test {
protected:
    void SetUp() override {
        auto made = TempDir::make("cupel-");
        ASSERT_TRUE(made) << made.error().text;
        home_.emplace(std::move(*made));
        ASSERT_EQ(setenv("XDG_CONFIG_HOME", home_->path().c_str(), 1), 0);
    }
    void TearDown() override { ASSERT_EQ(unsetenv("XDG_CONFIG_HOME"), 0); }
    [[nodiscard]] fs::path folder() const { return home_->path() / "cupel"; }
    [[nodiscard]] fs::path file() const { return folder() / "signing.key"; }
    [[nodiscard]] static unsigned mode(const fs::path& path) {
        struct stat status{};
        EXPECT_EQ(stat(path.c_str(), &status), 0);
        return status.st_mode & 07777U;
    }
    std::optional<TempDir> home_;
};

TEST_F(UserKey, IsMadeOnceAndForItsOwnerAlone) {
    const auto first = user_key();
    ASSERT_TRUE(first) << first.error().text;
    EXPECT_EQ(mode(folder()), 0700U);
    EXPECT_EQ(mode(file()), 0600U);
    EXPECT_EQ(user_key()->public_hex(), first->public_hex());
    EXPECT_EQ(std::distance(fs::directory_iterator(folder()), fs::directory_iterator()), 1);
}

TEST_F(UserKey, IsTheSameForAllWhoMakeItAtOnce) {
    std::vector<std::future<std::string>> makers;
    for (int i = 0; i < 16; ++i) {
        makers.push_back(std::async(std::launch::async, [] {
            const auto key = user_key();
            return key ? key->public_hex() : key.error().text;
        }));
    }
    std::set<std::string> made;
    for (auto& maker : makers)
        made.insert(maker.get());
    EXPECT_EQ(made.size(), 1U);
    EXPECT_EQ(made.begin()->size(), 64U);
}

TEST_F(UserKey, ThatOthersMayReadOrReplaceIsRefusedWithTheWayOut) {
    ASSERT_TRUE(user_key());
    for (const mode_t open : {0640U, 0604U, 0620U, 0602U}) {
        ASSERT_EQ(chmod(file().c_str(), open), 0);
        const auto key = user_key();
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().code, Errc::Invalid);
        EXPECT_THAT(key.error().text, HasSubstr("chmod 600"));
    }
    ASSERT_EQ(chmod(file().c_str(), 0600), 0);
    ASSERT_EQ(chmod(folder().c_str(), 0777), 0);
    const auto key = user_key();
    ASSERT_FALSE(key);
    EXPECT_THAT(key.error().text, HasSubstr("chmod 700"));
}

TEST_F(UserKey, ThatIsDamagedAnywhereIsRefusedAndNeverReplaced) {
    ASSERT_TRUE(user_key());
    const std::string whole = read_file(file()).value();
    const auto damaged = [&](const std::string& text) {
        ASSERT_TRUE(write_file_atomically(file(), text));
        ASSERT_EQ(chmod(file().c_str(), 0600), 0);
        const auto key = user_key();
        ASSERT_FALSE(key) << text;
        EXPECT_EQ(key.error().code, Errc::Corrupt);
        EXPECT_THAT(key.error().text, HasSubstr("damaged"));
        EXPECT_EQ(read_file(file()).value(), text);
    };
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string text = whole;
        text[i] = text[i] == 'a' ? 'b' : 'a';
        damaged(text);
    }
    damaged("");
    damaged(whole.substr(0, whole.size() - 1));
    damaged(whole + "\n");
}

TEST_F(UserKey, WithoutAPlaceIsMissingAndNotAnError) {
    for (const char* place : {"/proc/nowhere", "/dev/null"}) {
        ASSERT_EQ(setenv("XDG_CONFIG_HOME", place, 1), 0);
        const auto key = user_key();
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().code, Errc::Missing) << key.error().text;
        EXPECT_THAT(key.error().text, HasSubstr("XDG_CONFIG_HOME"));
    }
}

TEST_F(UserKey, ThatIsALinkToNothingIsNotMadeThroughTheLink) {
    fs::create_directory(folder());
    fs::permissions(folder(), fs::perms::owner_all);
    fs::create_symlink(home_->path() / "elsewhere", file());
    EXPECT_FALSE(user_key());
    EXPECT_FALSE(fs::exists(home_->path() / "elsewhere"));
}

}  // namespace
}  // namespace cupel::os

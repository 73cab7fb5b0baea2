// SPDX-License-Identifier: Apache-2.0
#include "model/key.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace cupel::model {
namespace {

TEST(Key, IsReadFromTheEnvironmentAndLeavesIt) {
    ::setenv("CUPEL_TEST_KEY", " sk-12345678\n", 1);
    const auto key = Key::from_environment("CUPEL_TEST_KEY");
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(key->secret(), "sk-12345678");
    EXPECT_EQ(::getenv("CUPEL_TEST_KEY"), nullptr);
    // Nor where it lay, which others can read.
    std::string mine = "CUPEL_TEST_KEY=sk-12345678";
    ::putenv(mine.data());
    EXPECT_TRUE(Key::from_environment("CUPEL_TEST_KEY").has_value());
    EXPECT_EQ(mine.find("sk-"), std::string::npos);
    const auto gone = Key::from_environment("CUPEL_TEST_KEY");
    ASSERT_FALSE(gone.has_value());
    EXPECT_EQ(gone.error().code, Errc::Usage);
}

TEST(Key, IsInNoCoreDump) {
    ASSERT_TRUE(Key::from_text("sk-12345678", "here").has_value());
    rlimit core{};
    ASSERT_EQ(::getrlimit(RLIMIT_CORE, &core), 0);
    EXPECT_EQ(core.rlim_max, 0U);
}

TEST(Key, IsReadFromADescriptorThatIsClosedThen) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    ASSERT_EQ(::write(ends[1], "sk-12345678\n", 12), 12);
    ::close(ends[1]);
    EXPECT_EQ(Key::from_fd(ends[0]).value().secret(), "sk-12345678");
    EXPECT_EQ(::close(ends[0]), -1);
    EXPECT_EQ(Key::from_fd(9999).error().code, Errc::Usage);
}

TEST(Key, RefusesWhatCannotBeOneWithoutShowingIt) {
    for (const std::string text :
         {"", " ", "short", "sk-1234\r\nX-Evil: 1", "sk 12345678", "sk-\u00e412345678"}) {
        const auto key = Key::from_text(text, "here");
        ASSERT_FALSE(key.has_value()) << text;
        EXPECT_EQ(key.error().code, Errc::Usage);
        if (text.size() > 1) {
            EXPECT_EQ(key.error().text.find(text), std::string::npos);
        }
    }
    EXPECT_FALSE(Key::from_text(std::string(5000, 'x'), "here").has_value());
}

TEST(Key, IsTakenOutOfEveryText) {
    const Key key = Key::from_text("sk-12345678", "here").value();
    EXPECT_EQ(key.redact("a sk-12345678, sk-12345678sk-12345678"), "a [key], [key][key]");
    EXPECT_EQ(key.redact("nothing"), "nothing");
    EXPECT_EQ(Key().redact("nothing"), "nothing");
}

TEST(Key, LeavesNothingBehindWhereItIsMoved) {
    Key key = Key::from_text("sk-12345678", "here").value();
    const Key moved = std::move(key);
    EXPECT_TRUE(key.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
    EXPECT_EQ(moved.secret(), "sk-12345678");
}

}  // namespace
}  // namespace cupel::model

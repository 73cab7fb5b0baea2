// SPDX-License-Identifier: Apache-2.0
#include "os/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "os/clock.hpp"

namespace cupel::os {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
protected:
    void SetUp() override {
        auto made = TempDir::make("cupel-files-");
        ASSERT_TRUE(made) << made.error().text;
        folder_.emplace(std::move(*made));
    }
    [[nodiscard]] fs::path path(std::string_view name) const { return folder_->path() / name; }
    [[nodiscard]] long entries() const {
        return std::distance(fs::directory_iterator(folder_->path()), fs::directory_iterator());
    }

private:
    std::optional<TempDir> folder_;
};

TEST_F(Files, AreReadBackAsWritten) {
    const std::string content = std::string("a\0b\n", 4) + std::string(200'000, 'x');
    ASSERT_TRUE(write_file_atomically(path("a"), content));
    EXPECT_EQ(read_file(path("a")).value(), content);
    ASSERT_TRUE(write_file_atomically(path("a"), ""));
    EXPECT_EQ(read_file(path("a")).value(), "");
    EXPECT_EQ(entries(), 1) << "no draft is left behind";
}

TEST_F(Files, TooLargeMissingOrStrangeAreErrors) {
    ASSERT_TRUE(write_file_atomically(path("a"), "12345"));
    EXPECT_TRUE(read_file(path("a"), 5));
    EXPECT_EQ(read_file(path("a"), 4).error().code, Errc::Invalid);
    EXPECT_EQ(read_file(path("b")).error().code, Errc::NotFound);
    EXPECT_EQ(read_file(path(".")).error().code, Errc::Invalid);
    ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
    EXPECT_EQ(read_file(path("pipe")).error().code, Errc::Invalid) << "and it does not hang";
}

TEST_F(Files, BeneathAFolderAreReadAndNothingElseIs) {
    const fs::path in = path("in");
    fs::create_directories(in / "parts");
    ASSERT_TRUE(write_file_atomically(in / "a.hpp", "a"));
    ASSERT_TRUE(write_file_atomically(in / "parts/b.hpp", "bb"));
    ASSERT_TRUE(write_file_atomically(path("secret.hpp"), "secret"));
    fs::create_symlink("../secret.hpp", in / "out.hpp");
    fs::create_symlink("a.hpp", in / "near.hpp");
    fs::create_directory_symlink(path(""), in / "up");
    fs::create_directory_symlink("parts", in / "same");
    ASSERT_EQ(mkfifo((in / "pipe.hpp").c_str(), 0600), 0);
    EXPECT_EQ(read_beneath(in, "a.hpp", 1).value(), "a");
    EXPECT_EQ(read_beneath(in, "parts/b.hpp", 2).value(), "bb");
    EXPECT_EQ(read_beneath(in, "absent.hpp", 9).error().code, Errc::NotFound);
    EXPECT_EQ(read_beneath(in, "absent/b.hpp", 9).error().code, Errc::NotFound);
    for (const char* name :
         {"out.hpp", "near.hpp", "up/secret.hpp", "same/b.hpp", "../secret.hpp", "parts/../a.hpp",
          "./a.hpp", "/etc/passwd", "", "parts", "parts/", "a.hpp/b.hpp", "pipe.hpp"}) {
        const auto got = read_beneath(in, name, 99);
        ASSERT_FALSE(got) << name;
        EXPECT_EQ(got.error().code, Errc::Invalid) << name << ": " << got.error().text;
    }
    EXPECT_EQ(read_beneath(in, "parts/b.hpp", 1).error().code, Errc::Invalid) << "too large";
    const std::string device = "full";
    EXPECT_EQ(read_beneath("/dev", device, 99).error().text, "full: full is no file");
}

TEST_F(Files, ALockKeepsOthersOutUntilItsHolderIsGoneHoweverItGoes) {
    {
        const Fd first = lock_file(path("lock")).value();
        EXPECT_TRUE(first.valid());
        EXPECT_FALSE(lock_file(path("lock")).value().valid());
    }
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        const auto held = lock_file(path("lock"));
        const char word = held && held->valid() ? 'y' : 'n';
        if (write(pipe_ends[1], &word, 1) == 1) (void)pause();
        std::_Exit(1);
    }
    char word = 0;
    ASSERT_EQ(read(pipe_ends[0], &word, 1), 1);
    EXPECT_EQ(word, 'y');
    EXPECT_FALSE(lock_file(path("lock")).value().valid());
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    EXPECT_TRUE(lock_file(path("lock")).value().valid());
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
    ASSERT_EQ(symlink("lock", path("link").c_str()), 0);
    EXPECT_FALSE(lock_file(path("link")));
}

TEST_F(Files, AFullDiskIsReportedAndTheOldFileStays) {
    ASSERT_TRUE(write_file_atomically(path("a"), "old"));
    EXPECT_FALSE(write_file_atomically("/dev/full", "new"));
    EXPECT_TRUE(fs::is_character_file("/dev/full")) << "a device is not replaced by a file";
    EXPECT_FALSE(write_file_atomically(path("no-folder/a"), "new"));
    EXPECT_FALSE(write_file_atomically(path("."), "new"));
    EXPECT_EQ(read_file(path("a")).value(), "old");
    EXPECT_EQ(entries(), 1);
}

TEST_F(Files, ANewFileIsNotWrittenOverAnother) {
    ASSERT_TRUE(write_new_file(path("new"), "first"));
    const auto again = write_new_file(path("new"), "second");
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().text.find("new"), std::string::npos);
    EXPECT_EQ(read_file(path("new")).value(), "first");
}

TEST_F(Files, AFileSizeLimitFailsTheWriteAndLeavesNothing) {
    ASSERT_TRUE(write_file_atomically(path("a"), "old"));
    const auto write_within_limit = [&] {
        (void)signal(SIGXFSZ, SIG_IGN);
        const rlimit limit = {1000, 1000};
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        const auto written = write_file_atomically(path("a"), std::string(5000, 'x'));
        std::_Exit(written ? 1 : 0);
    };
    EXPECT_EXIT(write_within_limit(), testing::ExitedWithCode(0), "");
    EXPECT_EQ(read_file(path("a")).value(), "old");
    EXPECT_EQ(entries(), 1);
}

TEST_F(Files, ALinkIsFollowedAndNotReplaced) {
    ASSERT_TRUE(write_file_atomically(path("a"), "old"));
    fs::create_symlink(path("a"), path("link"));
    ASSERT_TRUE(write_file_atomically(path("link"), "new"));
    EXPECT_TRUE(fs::is_symlink(path("link")));
    EXPECT_EQ(read_file(path("a")).value(), "new");
}

TEST(TempDir, IsRemovedWithAllItHolds) {
    fs::path path;
    {
        const auto folder = TempDir::make("cupel-");
        ASSERT_TRUE(folder);
        path = folder->path();
        fs::create_directories(path / "a" / "b");
        ASSERT_TRUE(write_file_atomically(path / "a" / "b" / "c", "x"));
    }
    EXPECT_FALSE(fs::exists(path));
}

class Sweep : public testing::Test {
protected:
    void SetUp() override {
        auto made = TempDir::make("cupel-");
        ASSERT_TRUE(made) << made.error().text;
        folder_.emplace(std::move(*made));
        ASSERT_EQ(setenv("TMPDIR", folder_->path().c_str(), 1), 0);
    }
    void TearDown() override { ASSERT_EQ(unsetenv("TMPDIR"), 0); }
    [[nodiscard]] fs::path path(std::string_view name) const { return folder_->path() / name; }
    // As a killed run leaves it.
    [[nodiscard]] fs::path leave(std::string_view name) const {
        fs::create_directories(path(name) / "source");
        fs::permissions(path(name), fs::perms::owner_all);
        EXPECT_TRUE(write_file_atomically(path(name) / "source" / "kernel.cpp", "x"));
        return path(name);
    }

private:
    std::optional<TempDir> folder_;
};

TEST_F(Sweep, TakesWhatAKilledRunLeftAndNotWhatIsInUse) {
    const auto mine = TempDir::make("left-");
    ASSERT_TRUE(mine);
    const auto killed = [] {
        const auto folder = TempDir::make("left-");
        (void)std::fputs(folder->path().c_str(), stderr);
        (void)raise(SIGKILL);
    };
    EXPECT_EXIT(killed(), testing::KilledBySignal(SIGKILL), "left-");
    ASSERT_EQ(std::distance(fs::directory_iterator(path("")), fs::directory_iterator()), 2);
    TempDir::sweep("left-");
    ASSERT_EQ(std::distance(fs::directory_iterator(path("")), fs::directory_iterator()), 1);
    EXPECT_TRUE(fs::exists(mine->path()));
}

TEST_F(Sweep, TakesNothingThatIsNotCertainlyOurs) {
    const fs::path victim = leave("victim");
    const fs::path open = leave("left-Open00");
    fs::permissions(open, fs::perms::others_exec, fs::perm_options::add);
    const fs::path longer = leave("left-Longer7");
    const fs::path strange = leave("left-a.b-c_");
    fs::create_directory_symlink(victim, path("left-Link00"));
    ASSERT_TRUE(write_file_atomically(path("left-File00"), "x"));
    ASSERT_EQ(mkfifo(path("left-Pipe00").c_str(), 0600), 0);
    // What is taken may hold links to what must stay.
    const fs::path taken = leave("left-Taken0");
    fs::create_directory_symlink(victim, taken / "link");
    if (geteuid() == 0) {
        ASSERT_EQ(chown(leave("left-Other0").c_str(), 12345, 12345), 0);
    }

    TempDir::sweep("left-");
    EXPECT_FALSE(fs::exists(taken));
    EXPECT_TRUE(fs::exists(victim / "source" / "kernel.cpp"));
    EXPECT_TRUE(fs::is_symlink(path("left-Link00")));
    for (const char* name :
         {"left-Open00", "left-Longer7", "left-a.b-c_", "left-File00", "left-Pipe00"})
        EXPECT_TRUE(fs::exists(path(name))) << name;
    if (geteuid() == 0) {
        EXPECT_TRUE(fs::exists(path("left-Other0")));
    }
}

TEST(Programs, AreFoundInPathOrNamedAsMissing) {
    EXPECT_TRUE(find_program("sh").value().is_absolute());
    EXPECT_EQ(find_program("no-such-program").error().code, Errc::NotFound);
    EXPECT_EQ(find_program("").error().code, Errc::NotFound);
    EXPECT_TRUE(fs::exists(program_folder() / "cupel_os_test"));
}

TEST(CacheFolder, ThatCannotBeMadeIsNamed) {
    const auto home = TempDir::make("cupel-");
    ASSERT_TRUE(home);
    ASSERT_EQ(setenv("XDG_CACHE_HOME", home->path().c_str(), 1), 0);
    EXPECT_EQ(cache_folder().value(), home->path() / "cupel");
    ASSERT_EQ(setenv("XDG_CACHE_HOME", "/dev/null", 1), 0);
    const auto folder = cache_folder();
    ASSERT_FALSE(folder);
    EXPECT_THAT(folder.error().text, testing::HasSubstr("/dev/null/cupel"));
    ASSERT_EQ(unsetenv("XDG_CACHE_HOME"), 0);
}

TEST(Clock, AdvancesAndNamesTheTimeInUtc) {
    const std::int64_t before = now_ns();
    usleep(2000);
    EXPECT_GE(now_ns() - before, 1'900'000);
    EXPECT_THAT(utc_timestamp(), testing::MatchesRegex("20..-..-..T..:..:..Z"));
    for (const std::string& time : {utc_timestamp(), std::string("2024-02-29T23:59:60Z")})
        EXPECT_TRUE(is_utc_timestamp(time)) << time;
    for (const char* time : {"", "never", "2026-01-01", "2023-02-29T00:00:00Z",
                             "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
                             "2026-01-01T00:00:00z", "2026-01-01T00:00:00Z "})
        EXPECT_FALSE(is_utc_timestamp(time)) << time;
}

TEST(Processors, AreListedAscendingAndTheirTimesGrow) {
    const auto cpus = allowed_cpus();
    EXPECT_FALSE(cpus.empty());
    EXPECT_TRUE(std::ranges::is_sorted(cpus));
    const CpuTimes before = cpu_times();
    EXPECT_GT(before.busy + before.idle, 0.0);
    usleep(100'000);
    const CpuTimes after = cpu_times();
    EXPECT_GT(after.busy + after.idle, before.busy + before.idle);
}

}  // namespace
}  // namespace cupel::os

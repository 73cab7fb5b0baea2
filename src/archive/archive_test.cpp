// SPDX-License-Identifier: Apache-2.0
#include "archive/archive.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <thread>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace cupel::archive {
namespace {

using verdict::Status;
using verdict::Verdict;

NewKernel made(const std::string& source, std::vector<KernelId> parents = {}) {
    return {{.source = source, .schedule = "sweep y 8 4", .origin = "sweep"},
            "seeds",
            std::move(parents)};
}

NewVerdict screened(KernelId kernel, Status status, double score = 0) {
    NewVerdict record;
    record.kernel = kernel;
    record.verdict.status = status;
    record.score = score;
    record.seconds = 0.5;
    return record;
}

class ArchiveTest : public testing::Test {
protected:
    [[nodiscard]] std::filesystem::path path() const { return folder_->path() / "archive.db"; }
    [[nodiscard]] Archive open() const { return Archive::open(path()).value(); }
    [[nodiscard]] std::size_t files_named(std::string_view part) const {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder_->path())) {
            count += entry.path().filename().string().contains(part) ? 1U : 0U;
        }
        return count;
    }
    void overwrite(std::streamoff at, const std::string& bytes) const {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(at);
        file << bytes;
    }
    void fill(int kernels) const {
        Archive archive = open();
        for (int i = 0; i < kernels; ++i) {
            const std::string source = std::string(4000, 'k') + std::to_string(i);
            const KernelId id = archive.record_kernel(made(source)).value();
            ASSERT_TRUE(archive.record_verdict(screened(id, Status::Faster, i)));
        }
    }

    std::optional<os::TempDir> folder_ = os::TempDir::make("cupel-archive").value();
};

TEST_F(ArchiveTest, KeepsWhatWasRecordedOverReopening) {
    {
        Archive archive = open();
        const KernelId first = archive.record_kernel(made("one")).value();
        const KernelId second = archive.record_kernel(made("two", {first})).value();
        NewVerdict judged = screened(second, Status::Faster, 0.7);
        judged.trial = Trial::Judge;
        judged.incumbent = first;
        judged.verdict.samples = {{"candidate", 0, 1, 0, 1, 1e-3, true}};
        ASSERT_TRUE(archive.record_verdict(judged));
        ASSERT_TRUE(archive.set_meta("task", "softmax"));
        ASSERT_TRUE(archive.set_meta("task", "matmul"));
        ASSERT_TRUE(archive.record_event({"phase", "seeds", 1.5, ""}));
    }
    Archive archive = open();
    EXPECT_FALSE(archive.set_aside());
    const auto kernels = archive.kernels().value();
    ASSERT_EQ(kernels.size(), 2u);
    EXPECT_EQ(kernels[1].hash, hash_hex("two"));
    EXPECT_EQ(kernels[1].parents, std::vector{kernels[0].id});
    EXPECT_EQ(kernels[1].kernel.schedule, "sweep y 8 4");
    EXPECT_EQ(kernels[1].phase, "seeds");
    const auto verdicts = archive.verdicts(kernels[1].id).value();
    ASSERT_EQ(verdicts.size(), 1u);
    EXPECT_EQ(verdicts[0].trial, Trial::Judge);
    EXPECT_EQ(verdicts[0].incumbent, kernels[0].id);
    EXPECT_EQ(verdicts[0].score, 0.7);
    EXPECT_EQ(verdicts[0].verdict.samples.size(), 1u);
    EXPECT_EQ(archive.meta("task").value(), "matmul");
    EXPECT_EQ(archive.meta("nothing").value(), std::nullopt);
    EXPECT_EQ(archive.events().value().at(0).text, "seeds");
}

TEST_F(ArchiveTest, TheSameSourceIsOneKernel) {
    Archive archive = open();
    const KernelId id = archive.record_kernel(made("same")).value();
    EXPECT_EQ(archive.record_kernel(made("same")).value(), id);
    EXPECT_NE(archive.record_kernel(made("other")).value(), id);
    EXPECT_EQ(archive.find(hash_hex("same")).value()->id, id);
    EXPECT_EQ(archive.find(hash_hex("unknown")).value(), std::nullopt);
    EXPECT_EQ(archive.totals()->kernels, 2);
}

TEST_F(ArchiveTest, RanksOnlyWhatWasRightEachTime) {
    Archive archive = open();
    const KernelId slow = archive.record_kernel(made("slow")).value();
    const KernelId fast = archive.record_kernel(made("fast")).value();
    const KernelId wrong = archive.record_kernel(made("wrong")).value();
    const KernelId later = archive.record_kernel(made("wrong later")).value();
    const KernelId unscored = archive.record_kernel(made("unscored")).value();
    static_cast<void>(archive.record_kernel(made("untried")).value());
    ASSERT_TRUE(archive.record_verdict(screened(slow, Status::Slower, -0.2)));
    ASSERT_TRUE(archive.record_verdict(screened(fast, Status::Faster, 0.9)));
    ASSERT_TRUE(archive.record_verdict(screened(wrong, Status::Wrong, 5)));
    ASSERT_TRUE(archive.record_verdict(screened(later, Status::Faster, 4)));
    ASSERT_TRUE(archive.record_verdict(screened(later, Status::Wrong, 4)));
    ASSERT_TRUE(archive.record_verdict(screened(unscored, Status::Accepted, std::nan(""))));
    const auto ranking = archive.ranking().value();
    ASSERT_EQ(ranking.size(), 2u);
    EXPECT_EQ(ranking[0].kernel.id, fast);
    EXPECT_EQ(ranking[0].score, 0.9);
    EXPECT_EQ(ranking[1].kernel.id, slow);
    EXPECT_EQ(archive.best().value()->kernel.id, fast);
    const Totals totals = archive.totals().value();
    EXPECT_EQ(totals.tried, 5);
    EXPECT_EQ(totals.right, 3);
    EXPECT_EQ(totals.verdicts, 6);
    EXPECT_EQ(totals.seconds, 3);
}

TEST_F(ArchiveTest, TheLatestScreenRanks) {
    Archive archive = open();
    const KernelId id = archive.record_kernel(made("lucky")).value();
    ASSERT_TRUE(archive.record_verdict(screened(id, Status::Faster, 2)));
    ASSERT_TRUE(archive.record_verdict(screened(id, Status::Faster, 1)));
    EXPECT_EQ(archive.best().value()->score, 1);
}

TEST_F(ArchiveTest, ACheatTakesItsDescendantsWithIt) {
    Archive archive = open();
    const KernelId root = archive.record_kernel(made("root")).value();
    const KernelId cheat = archive.record_kernel(made("cheat", {root})).value();
    const KernelId child = archive.record_kernel(made("child", {cheat})).value();
    const KernelId grandchild = archive.record_kernel(made("grandchild", {root, child})).value();
    for (const KernelId id : {root, cheat, child, grandchild}) {
        ASSERT_TRUE(archive.record_verdict(screened(id, Status::Faster, 1)));
    }
    ASSERT_TRUE(archive.record_verdict(screened(cheat, Status::Cheating)));
    EXPECT_FALSE(archive.kernel(root).value()->quarantined);
    for (const KernelId id : {cheat, child, grandchild}) {
        EXPECT_TRUE(archive.kernel(id).value()->quarantined) << id;
    }
    const KernelId late = archive.record_kernel(made("late", {grandchild})).value();
    EXPECT_TRUE(archive.kernel(late).value()->quarantined);
    ASSERT_TRUE(archive.record_verdict(screened(late, Status::Faster, 9)));
    EXPECT_EQ(archive.ranking()->size(), 1u);
    EXPECT_EQ(archive.totals()->quarantined, 4);
}

TEST_F(ArchiveTest, TheImpossibleIsQuarantinedToo) {
    Archive archive = open();
    const KernelId id = archive.record_kernel(made("too fast")).value();
    ASSERT_TRUE(archive.record_verdict(screened(id, Status::Impossible, 12)));
    EXPECT_TRUE(archive.kernel(id).value()->quarantined);
    EXPECT_EQ(archive.best().value(), std::nullopt);
}

TEST_F(ArchiveTest, AVerdictOnAKernelThatIsNotThereIsRefused) {
    Archive archive = open();
    EXPECT_FALSE(archive.record_verdict(screened(99, Status::Faster)));
    EXPECT_FALSE(archive.record_kernel(made("orphan", {99})));
    EXPECT_EQ(archive.totals()->kernels, 0);
}

TEST_F(ArchiveTest, HostileStringsAreOnlyStrings) {
    Archive archive = open();
    const std::string nasty[] = {"'); DROP TABLE kernels; --", std::string("nul\0inside", 10),
                                 "\xff\xfe not utf-8", std::string(1 << 20, '"'), ""};
    for (const std::string& text : nasty) {
        NewKernel kernel{{text, text, text}, text, {}};
        const KernelId id = archive.record_kernel(kernel).value();
        NewVerdict verdict = screened(id, Status::Wrong);
        verdict.verdict.reason = text;
        verdict.seconds = std::numeric_limits<double>::infinity();
        ASSERT_TRUE(archive.record_verdict(verdict));
        ASSERT_TRUE(archive.set_meta(text, text));
        ASSERT_TRUE(archive.record_event({text, text, std::nan(""), ""}));
        const auto back = archive.kernel(id).value();
        EXPECT_EQ(back->kernel.source, text);
        EXPECT_EQ(back->kernel.schedule, text);
        EXPECT_EQ(back->phase, text);
        EXPECT_EQ(archive.meta(text).value(), text);
        EXPECT_EQ(archive.verdicts(id)->size(), 1u);
    }
    EXPECT_EQ(archive.totals()->kernels, 5);
}

TEST_F(ArchiveTest, ADamagedHeaderIsMovedAsideAndSaid) {
    fill(3);
    overwrite(0, "not a database at all");
    Archive archive = open();
    ASSERT_TRUE(archive.set_aside());
    EXPECT_TRUE(std::filesystem::exists(*archive.set_aside()));
    EXPECT_TRUE(archive.set_aside()->filename().string().starts_with("archive.db.corrupt-"));
    EXPECT_EQ(archive.totals()->kernels, 0);
    EXPECT_TRUE(archive.record_kernel(made("new life")));
}

TEST_F(ArchiveTest, TwoDamagedFilesInOneSecondAreBothKept) {
    for (int i = 0; i < 2; ++i) {
        fill(1);
        overwrite(0, "garbage garbage garbage");
        EXPECT_TRUE(open().set_aside());
    }
    EXPECT_GE(files_named(".corrupt-"), 2u);
}

TEST_F(ArchiveTest, ATruncatedFileIsMovedAside) {
    fill(20);
    const auto size = std::filesystem::file_size(path());
    std::filesystem::resize_file(path(), size / 2);
    Archive archive = open();
    EXPECT_TRUE(archive.set_aside());
    EXPECT_EQ(archive.totals()->kernels, 0);
}

TEST_F(ArchiveTest, DamageInTheMiddleIsFoundAtOnce) {
    fill(20);
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path()));
    overwrite(size / 2 / 4096 * 4096, std::string(4096, '\x5a'));
    EXPECT_EQ(Archive::open_read_only(path()).error().code, Errc::Corrupt);
    EXPECT_TRUE(open().set_aside());
}

TEST_F(ArchiveTest, AnArchiveOfANewerCupelIsLeftAlone) {
    fill(1);
    ASSERT_TRUE(Database::open(path(), Database::Mode::ReadWrite)->run("PRAGMA user_version = 99"));
    const auto archive = Archive::open(path());
    ASSERT_FALSE(archive);
    EXPECT_EQ(archive.error().code, Errc::Invalid);
    EXPECT_TRUE(archive.error().text.contains("newer Cupel")) << archive.error().text;
    EXPECT_EQ(files_named(".corrupt-"), 0u);
}

TEST_F(ArchiveTest, ADatabaseOfAnotherProgramIsLeftAlone) {
    ASSERT_TRUE(Database::open(path(), Database::Mode::ReadWrite)
                    ->run("CREATE TABLE bookmarks (url TEXT)"));
    const auto archive = Archive::open(path());
    ASSERT_FALSE(archive);
    EXPECT_EQ(archive.error().code, Errc::Invalid);
    EXPECT_EQ(Database::open(path(), Database::Mode::ReadOnly)
                  ->ask("SELECT count(*) FROM sqlite_schema")
                  .value(),
              1);
}

TEST_F(ArchiveTest, AnEmptyFileIsANewArchive) {
    std::ofstream(path()).flush();
    EXPECT_EQ(open().totals()->kernels, 0);
}

TEST_F(ArchiveTest, PlacesWhereNothingCanBeWrittenAreErrorsWithThePath) {
    const auto archive = Archive::open("/proc/self/archive.db");
    ASSERT_FALSE(archive);
    EXPECT_EQ(archive.error().code, Errc::Io);
    EXPECT_TRUE(archive.error().text.contains("/proc/self/archive.db"));
    EXPECT_FALSE(Archive::open(folder_->path() / "no" / "such" / "folder.db"));
    EXPECT_FALSE(Archive::open(folder_->path()));
}

TEST_F(ArchiveTest, ReadingOnlyCreatesNothing) {
    EXPECT_EQ(Archive::open_read_only(path()).error().code, Errc::NotFound);
    EXPECT_FALSE(std::filesystem::exists(path()));
}

// A pipe that nobody writes into would be waited for, for ever.
TEST_F(ArchiveTest, APipeInItsPlaceOrBesideItIsRefusedAtOnce) {
    ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
    EXPECT_EQ(Archive::open_read_only(path()).error().code, Errc::Io);
    EXPECT_EQ(Archive::open(path()).error().code, Errc::Io);
    std::filesystem::remove(path());
    fill(1);
    for (const char* companion : {"-journal", "-wal", "-shm"}) {
        const std::string beside = path().string() + companion;
        ASSERT_EQ(mkfifo(beside.c_str(), 0600), 0);
        const auto archive = Archive::open_read_only(path());
        ASSERT_FALSE(archive);
        EXPECT_TRUE(archive.error().text.contains(companion)) << archive.error().text;
        EXPECT_FALSE(Archive::open(path()));
        std::filesystem::remove(beside);
    }
    EXPECT_TRUE(Archive::open_read_only(path()));
}

TEST_F(ArchiveTest, IsReadInAFolderThatCannotBeWritten) {
    if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    fill(3);
    ASSERT_EQ(chmod(folder_->path().c_str(), 0555), 0);
    auto archive = Archive::open_read_only(path());
    EXPECT_TRUE(archive && archive->kernels()->size() == 3u);
    EXPECT_FALSE(Archive::open(path()));
    ASSERT_EQ(chmod(folder_->path().c_str(), 0755), 0);
}

TEST_F(ArchiveTest, NamesThatMeanSomethingInAUriAreJustNames) {
    const auto odd = folder_->path() / "50%25 #1?mode=memory.db";
    ASSERT_TRUE(Archive::open(odd)->record_kernel(made("one")));
    EXPECT_TRUE(std::filesystem::exists(odd));
    EXPECT_EQ(Archive::open_read_only(odd)->kernels()->size(), 1u);
}

TEST_F(ArchiveTest, TwoReadersSeeTheSameWhileAWriterGoesOn) {
    fill(3);
    Archive writer = open();
    auto first = Archive::open_read_only(path());
    auto second = Archive::open_read_only(path());
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->kernels()->size(), 3u);
    ASSERT_TRUE(writer.record_kernel(made("fourth")));
    EXPECT_EQ(first->kernels()->size(), 4u);
    EXPECT_EQ(second->kernels()->size(), 4u);
    EXPECT_FALSE(second->record_kernel(made("fifth")));
}

TEST_F(ArchiveTest, AVerdictThatWasTamperedWithIsCorruptNotACrash) {
    fill(1);
    ASSERT_TRUE(Database::open(path(), Database::Mode::ReadWrite)
                    ->run("UPDATE verdicts SET json = '{\"status\":'"));
    Archive archive = Archive::open_read_only(path()).value();
    EXPECT_EQ(archive.verdicts().error().code, Errc::Corrupt);
    EXPECT_EQ(archive.latest_screen(1).error().code, Errc::Corrupt);
    ASSERT_TRUE(Database::open(path(), Database::Mode::ReadWrite)
                    ->run("UPDATE verdicts SET json = '{\"status\":\"splendid\"}'"));
    const Error error = archive.verdicts().error();
    EXPECT_TRUE(error.text.contains("status")) << error.text;
    EXPECT_TRUE(error.text.starts_with(path().string() + ": verdict of kernel 1: ")) << error.text;
}

TEST_F(ArchiveTest, AKernelWhoseTextWasChangedIsCorruptAndNamed) {
    fill(2);
    ASSERT_TRUE(Database::open(path(), Database::Mode::ReadWrite)
                    ->run("UPDATE kernels SET source = source || ' ' WHERE id = 2"));
    Archive archive = Archive::open_read_only(path()).value();
    EXPECT_TRUE(archive.kernel(1));
    const auto changed = archive.kernel(2);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, Errc::Corrupt);
    EXPECT_TRUE(changed.error().text.starts_with(path().string() + ": kernel 2: "))
        << changed.error().text;
    EXPECT_FALSE(archive.kernels());
    EXPECT_FALSE(archive.ranking());
}

// Sound to SQLite: a run that goes on would stop at such a row, each time again.
TEST_F(ArchiveTest, ADamagedRowIsADamagedArchive) {
    const auto* const row = "row 1 names a kernel that is not there";
    const std::pair<const char*, const char*> edits[] = {
        {"UPDATE verdicts SET json = 'x' WHERE id = 2", "verdict of kernel 2: no JSON"},
        {"UPDATE verdicts SET json = '{}' WHERE id = 2", "verdict of kernel 2: "},
        {"UPDATE kernels SET source = 'x' WHERE id = 2", "kernel 2: its text"},
        {"UPDATE kernels SET hash = 'x' WHERE id = 2", "kernel 2: its text"},
        {"DELETE FROM kernels WHERE id = 1", row},
    };
    for (const auto& [sql, words] : edits) {
        fill(3);
        ASSERT_TRUE(Database::open(path(), Database::Mode::ReadWrite)->run(sql));
        Archive archive = open();
        ASSERT_TRUE(archive.set_aside()) << sql;
        EXPECT_TRUE(archive.damage().contains(words)) << archive.damage();
        EXPECT_EQ(archive.totals()->kernels, 0);
        EXPECT_EQ(Archive::open_read_only(*archive.set_aside())->totals()->verdicts, 3);
        EXPECT_TRUE(archive.record_kernel(made("new life")));
        std::filesystem::remove(path());
    }
}

// Writes kernels with verdicts for ever and tells each one that is done through the pipe.
[[noreturn]] void write_until_killed(const std::filesystem::path& path, int pipe) {
    auto archive = Archive::open(path);
    if (!archive) _exit(1);
    for (int i = 0;; ++i) {
        const std::string source = std::to_string(getpid()) + ":" + std::to_string(i);
        const auto id = archive->record_kernel(made(source));
        if (!id || !archive->record_verdict(screened(*id, Status::Faster, i))) _exit(2);
        if (write(pipe, "x", 1) != 1) _exit(3);
    }
}

TEST_F(ArchiveTest, KilledAtAnyMomentItLosesAtMostTheKernelInFlight) {
    std::int64_t told = 0;
    for (int round = 0; round < 10; ++round) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) write_until_killed(path(), ends[1]);
        close(ends[1]);
        char byte = 0;
        ASSERT_EQ(read(ends[0], &byte, 1), 1);  // it is under way
        ++told;
        std::this_thread::sleep_for(std::chrono::milliseconds(1 + 3 * round));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        while (read(ends[0], &byte, 1) == 1)
            ++told;
        close(ends[0]);

        Archive archive = open();
        ASSERT_FALSE(archive.set_aside());
        const Totals totals = archive.totals().value();
        ASSERT_GE(totals.tried, told);
        ASSERT_LE(totals.kernels, told + 2 * (round + 1));
        ASSERT_EQ(static_cast<std::int64_t>(archive.verdicts()->size()), totals.verdicts);
    }
}

}  // namespace
}  // namespace cupel::archive

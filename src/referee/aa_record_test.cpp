// SPDX-License-Identifier: Apache-2.0
#include "referee/aa_record.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "os/files.hpp"
#include "referee/conclude.hpp"

namespace cupel::referee {
namespace {

using verdict::Status;

class AaFile : public testing::Test {
protected:
    void SetUp() override {
        auto made = os::TempDir::make("cupel-");
        ASSERT_TRUE(made) << made.error().text;
        folder_.emplace(std::move(*made));
    }
    [[nodiscard]] std::filesystem::path file() const { return folder_->path() / "aa" / "m.jsonl"; }
    void append(Status outcome, int threads = 1, double half_width = 0.02) const {
        ASSERT_TRUE(append_aa(file(), {.written = "2026-01-01T00:00:00Z",
                                       .threads = threads,
                                       .outcome = outcome,
                                       .mid = 1.01,
                                       .half_width = half_width,
                                       .seconds = 4,
                                       .busy = 0.5,
                                       .stolen = 0.25}));
    }
    std::optional<os::TempDir> folder_;
};

TEST_F(AaFile, ThatIsNotThereSaysNothing) {
    const AaRecord record = read_aa(file());
    EXPECT_TRUE(record.runs.empty());
    EXPECT_EQ(record.damaged, 0);
    const AaSummary summary = summarize(record, 1);
    EXPECT_EQ(summary.test.runs, 0);
    EXPECT_FALSE(summary.test.contradicted);
}

TEST_F(AaFile, CountsTheRunsOfItsThreads) {
    append(Status::NotResolved);
    append(Status::Faster);
    append(Status::Slower, 2);
    const AaSummary one = summarize(read_aa(file()), 1);
    EXPECT_EQ(one.test.runs, 2);
    EXPECT_EQ(one.test.different, 1);
    EXPECT_DOUBLE_EQ(one.half_width, 0.02);
    EXPECT_DOUBLE_EQ(one.stolen, 0.25);
    EXPECT_EQ(summarize(read_aa(file()), 2).test.different, 1);
}

TEST_F(AaFile, PassesOverDamagedLinesAndCountsThem) {
    append(Status::NotResolved);
    const std::string whole = os::read_file(file()).value();
    ASSERT_TRUE(os::write_file_atomically(
        file(), whole.substr(0, whole.size() / 2) + "\n" + whole + "\xff\n[[[[\n{}\n" +
                    R"({"outcome":"wrong"})" + "\n" + std::string(5000, '[') + "\n" + "torn"));
    append(Status::Slower);
    const AaRecord record = read_aa(file());
    EXPECT_EQ(record.runs.size(), 2U);
    EXPECT_GE(record.damaged, 5);
}

TEST_F(AaFile, RemembersTheLastRunsAlone) {
    for (std::size_t i = 0; i < kAaRuns; ++i)
        append(Status::Faster);
    for (std::size_t i = 0; i < kAaRuns; ++i)
        append(Status::NotResolved);
    EXPECT_EQ(summarize(read_aa(file()), 1).test.different, 0);
}

TEST_F(AaFile, TakesNoRunThatMeasuredNothing) {
    append(Status::NotResolved, 1, std::numeric_limits<double>::infinity());
    EXPECT_TRUE(read_aa(file()).runs.empty());
}

verdict::Verdict claim(Status status) {
    verdict::Verdict verdict;
    verdict.status = status;
    return verdict;
}

TEST(Withhold, ClaimsNothingWhereTheRecordContradictsThePromise) {
    AaSummary unsound;
    unsound.test = stats::aa_test(6, 20);
    AaSummary sound;
    sound.test = stats::aa_test(1, 20);
    EXPECT_EQ(withhold(claim(Status::Faster), sound).status, Status::Faster);
    EXPECT_EQ(withhold(claim(Status::Faster), unsound).status, Status::NotResolved);
    EXPECT_EQ(withhold(claim(Status::Slower), unsound).status, Status::NotResolved);
    EXPECT_NE(withhold(claim(Status::Faster), unsound).reason.find("6 of its 20"),
              std::string::npos);
    // Whether an answer is right does not hang on the clock.
    EXPECT_EQ(withhold(claim(Status::Wrong), unsound).status, Status::Wrong);
    EXPECT_EQ(withhold(claim(Status::Cheating), unsound).status, Status::Cheating);
}

}  // namespace
}  // namespace cupel::referee

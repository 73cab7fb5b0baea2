// SPDX-License-Identifier: Apache-2.0
#include "cli/crown.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "os/files.hpp"

namespace cupel::cli {
namespace {

verdict::Verdict faster(double ratio) {
    verdict::Verdict verdict;
    verdict.status = verdict::Status::Faster;
    verdict.speedup = verdict::Speedup{{ratio * 0.99, ratio, ratio * 1.01, 0.95}, "naive"};
    verdict.naive_speedup = verdict.speedup;
    return verdict;
}
verdict::Verdict wrong() {
    verdict::Verdict verdict;
    verdict.status = verdict::Status::Wrong;
    return verdict;
}

// Says what it was told to say, in order.
class Scripted final : public verdict::Evaluator {
public:
    explicit Scripted(std::deque<verdict::Verdict> answers) : answers_(std::move(answers)) {}
    void prepare(const std::vector<verdict::Kernel>&) override {}
    Result<verdict::Screening> screen(const verdict::Kernel&, const verdict::Kernel*) override {
        return fail(Errc::Invalid, "a winner is never chosen by screening");
    }
    Result<verdict::Verdict> select(const verdict::Kernel& kernel) override {
        return next("select " + kernel.source);
    }
    Result<verdict::Verdict> judge(const verdict::Kernel& kernel) override {
        return next("judge " + kernel.source);
    }
    std::vector<std::string> asked;

private:
    Result<verdict::Verdict> next(std::string question) {
        asked.push_back(std::move(question));
        if (answers_.empty()) return fail(Errc::Interrupted, "asked too often");
        verdict::Verdict next = answers_.front();
        answers_.pop_front();
        return next;
    }

    std::deque<verdict::Verdict> answers_;
};

class Crowning : public testing::Test {
protected:
    void SetUp() override {
        auto folder = os::TempDir::make("crown");
        ASSERT_TRUE(folder);
        folder_.emplace(std::move(*folder));
        auto archive = archive::Archive::open(folder_->path() / "archive.db");
        ASSERT_TRUE(archive) << archive.error().text;
        archive_.emplace(std::move(*archive));
    }
    engineer::Finalist finalist(const std::string& source,
                                std::vector<archive::KernelId> parents = {}) {
        const verdict::Kernel kernel{source, "", "sweep"};
        const auto id = archive_->record_kernel({kernel, "seeds", std::move(parents)});
        return {id.value_or(0), kernel, 0};
    }
    Result<std::optional<Crowned>> crown_them(Scripted& referee) {
        const std::vector<engineer::Finalist> finalists = {finalist("one"), finalist("two")};
        return crown(referee, *archive_, finalists, [](std::string_view) {});
    }
    std::optional<os::TempDir> folder_;
    std::optional<archive::Archive> archive_;
};

TEST_F(Crowning, TheBestFinalistIsMeasuredAgainAndTheSecondFigureIsTheClaim) {
    Scripted referee({faster(3.0), faster(5.0), faster(4.95)});
    const auto crowned = crown_them(referee);
    ASSERT_TRUE(crowned && *crowned);
    EXPECT_EQ(referee.asked, (std::vector<std::string>{"select one", "select two", "judge two"}));
    EXPECT_EQ((*crowned)->claim.status, verdict::Status::Faster);
    EXPECT_DOUBLE_EQ((*crowned)->claim.speedup->ratio.mid, 4.95);
    EXPECT_DOUBLE_EQ((*crowned)->selected.speedup->ratio.mid, 5.0);
}

TEST_F(Crowning, TwoMeasurementsThatDisagreeAreNotResolved) {
    Scripted referee({faster(3.0), faster(5.0), faster(2.0)});
    const auto crowned = crown_them(referee);
    ASSERT_TRUE(crowned && *crowned);
    EXPECT_EQ((*crowned)->claim.status, verdict::Status::NotResolved);
    EXPECT_EQ((*crowned)->claim.law, 11);
}

TEST_F(Crowning, OneThatWasFasterOnlyTheSecondTimeIsNotResolved) {
    verdict::Verdict first = faster(1.02);
    first.status = verdict::Status::NotResolved;
    Scripted referee({first, wrong(), faster(1.02)});
    const auto crowned = crown_them(referee);
    ASSERT_TRUE(crowned && *crowned);
    EXPECT_EQ((*crowned)->claim.status, verdict::Status::NotResolved);
    EXPECT_EQ((*crowned)->claim.law, 11);
    EXPECT_NE((*crowned)->claim.reason.find("after not_resolved"), std::string::npos);
}

TEST_F(Crowning, AWinnerThatTurnsOutWrongIsNotFaster) {
    Scripted referee({faster(3.0), wrong(), wrong()});
    const auto crowned = crown_them(referee);
    ASSERT_TRUE(crowned && *crowned);
    EXPECT_EQ(referee.asked.back(), "judge one");
    EXPECT_EQ((*crowned)->claim.status, verdict::Status::Wrong);
}

TEST_F(Crowning, NobodyIsCrownedWhereNobodyIsRight) {
    Scripted referee({wrong(), wrong()});
    const auto crowned = crown_them(referee);
    ASSERT_TRUE(crowned);
    EXPECT_FALSE(*crowned);
}

TEST_F(Crowning, WhatWasBredFromACheatWinsNothing) {
    verdict::Verdict cheating;
    cheating.status = verdict::Status::Cheating;
    const auto nobody = [](std::string_view) {};
    // Found out before the child is judged, and after.
    for (const bool before : {true, false}) {
        const std::string name = before ? "a" : "b";
        const engineer::Finalist parent = finalist(name);
        const engineer::Finalist child = finalist(name + " child", {parent.id});
        const engineer::Finalist other = finalist(name + " other");
        const std::vector<engineer::Finalist> finalists =
            before ? std::vector{parent, child, other} : std::vector{child, parent, other};
        Scripted referee(before ? std::deque{cheating, faster(2), faster(2)}
                                : std::deque{faster(9), cheating, faster(2), faster(2)});
        const auto crowned = crown(referee, *archive_, finalists, nobody);
        ASSERT_TRUE(crowned && *crowned);
        EXPECT_EQ((*crowned)->finalist.kernel.source, name + " other");
        EXPECT_EQ(referee.asked.back(), "judge " + name + " other");
        EXPECT_EQ(referee.asked.size(), before ? 3U : 4U);
    }
}

TEST_F(Crowning, EveryJudgementIsInTheArchive) {
    Scripted referee({faster(3.0), faster(5.0), faster(5.0)});
    ASSERT_TRUE(crown_them(referee));
    const auto verdicts = archive_->verdicts();
    ASSERT_TRUE(verdicts);
    ASSERT_EQ(verdicts->size(), 3U);
    EXPECT_EQ(verdicts->back().trial, archive::Trial::Confirm);
}

}  // namespace
}  // namespace cupel::cli

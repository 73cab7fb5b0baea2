// SPDX-License-Identifier: Apache-2.0
#include "engineer/engineer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "engineer/synthetic.hpp"

namespace cupel::engineer {
namespace {

using synthetic::best_time;
using synthetic::ListSpace;
using synthetic::TableEvaluator;
using synthetic::TileSpace;
using verdict::Status;

const TileSpace& tile_space() {
    static const TileSpace space;
    return space;
}

Options limited(int evaluations, std::uint64_t seed = 1) {
    Options options;
    options.seconds = 0;
    options.evaluations = evaluations;
    options.patience = 1000;
    options.seed = seed;
    return options;
}

archive::Archive in_memory() {
    return archive::Archive::open(":memory:").value();
}

class FileArchive : public testing::Test {
protected:
    FileArchive() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "cupel-engineer-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
    }
    ~FileArchive() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] archive::Archive open() const {
        return archive::Archive::open(folder_ / "archive.db").value();
    }
    std::filesystem::path folder_;
};

int median_evaluations(const Space& space, double share, int budget) {
    std::vector<int> counts;
    for (std::uint64_t seed = 1; seed <= 9; ++seed) {
        archive::Archive archive = in_memory();
        TableEvaluator evaluator;
        EXPECT_TRUE(optimize(space, {evaluator, archive}, limited(budget, seed)));
        counts.push_back(evaluator.evaluations_until(share, best_time()));
    }
    std::ranges::sort(counts);
    return counts[counts.size() / 2];
}

TEST(Search, FindsNinetyPercentOfTheBestWithinSixEvaluations) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        archive::Archive archive = in_memory();
        TableEvaluator evaluator;
        ASSERT_TRUE(optimize(tile_space(), {evaluator, archive}, limited(6, seed)));
        EXPECT_EQ(evaluator.tried.size(), 6u);
        EXPECT_LE(evaluator.evaluations_until(0.90, best_time()), 6) << "seed " << seed;
    }
}

TEST(Search, GoesOnToWithinTwoPercentWhereTheModelCannot) {
    EXPECT_LE(median_evaluations(tile_space(), 0.98, 100), 60);
    // No seed of the model's is that good: it is the search that gets there.
    for (const Trace& trace : tile_space().initial()) {
        EXPECT_LT(best_time() / synthetic::truth(*synthetic::read(trace)), 0.98);
    }
}

TEST(Search, WithoutAModelItClimbsFarAboveItsSeeds) {
    const TileSpace blind(false);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        archive::Archive archive = in_memory();
        TableEvaluator evaluator;
        ASSERT_TRUE(optimize(blind, {evaluator, archive}, limited(160, seed)));
        EXPECT_LT(best_time() / evaluator.best_after[7], 0.65);
        EXPECT_GT(best_time() / evaluator.best, 0.80) << "seed " << seed;
    }
}

TEST(Search, IsTheSameForTheSameSeedAndAnotherForAnother) {
    std::vector<std::vector<std::string>> screened;
    for (const std::uint64_t seed : {7U, 7U, 8U}) {
        archive::Archive archive = in_memory();
        TableEvaluator evaluator;
        ASSERT_TRUE(optimize(tile_space(), {evaluator, archive}, limited(40, seed)));
        screened.push_back(evaluator.screened);
    }
    EXPECT_EQ(screened[0], screened[1]);
    EXPECT_NE(screened[0], screened[2]);
}

TEST(Search, TriesASmallSpaceWholeAndOnce) {
    const ListSpace space(20);
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    const auto outcome = optimize(space, {evaluator, archive}, limited(0));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->stop, Stop::Exhausted);
    EXPECT_EQ(outcome->evaluations, 20);
    EXPECT_EQ(std::set(evaluator.screened.begin(), evaluator.screened.end()).size(), 20u);
    EXPECT_EQ(evaluator.prepared, 20u);
    ASSERT_EQ(outcome->finalists.size(), 3u);
    EXPECT_DOUBLE_EQ(synthetic::truth(TableEvaluator::plan_of(outcome->finalists[0].kernel)),
                     evaluator.best);
    EXPECT_EQ(outcome->finalists[0].kernel.origin, "sweep");
}

TEST(Search, CheatsAndWrongKernelsNeverBecomeParentsOrFinalists) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    evaluator.spoil = [](const synthetic::Plan& plan) {
        if (plan.unroll == 8) return Status::Cheating;
        if (plan.tile[0] == 14) return Status::Impossible;
        if (plan.tile[2] == 1024) return Status::Wrong;
        return plan.n_outside && plan.tile[3] == 24 ? Status::Crashed : Status::Accepted;
    };
    const auto outcome = optimize(tile_space(), {evaluator, archive}, limited(250));
    ASSERT_TRUE(outcome);
    std::map<archive::KernelId, Status> status;
    const auto verdicts = archive.verdicts().value();
    for (const auto& record : verdicts)
        status[record.kernel] = record.verdict.status;
    int spoiled = 0;
    int children = 0;
    const auto kernels = archive.kernels().value();
    for (const archive::KernelRecord& kernel : kernels) {
        spoiled += verdict::is_right(status.at(kernel.id)) ? 0 : 1;
        children += kernel.parents.empty() ? 0 : 1;
        for (const archive::KernelId parent : kernel.parents) {
            EXPECT_TRUE(verdict::is_right(status.at(parent))) << kernel.id << " from " << parent;
        }
    }
    EXPECT_GT(spoiled, 5);
    EXPECT_GT(children, 50);
    ASSERT_FALSE(outcome->finalists.empty());
    for (const Finalist& finalist : outcome->finalists) {
        EXPECT_TRUE(verdict::is_right(status.at(finalist.id)));
    }
    for (const auto& record : verdicts) {
        EXPECT_TRUE(!record.incumbent || verdict::is_right(status.at(*record.incumbent)));
    }
}

// As a kernel that goes wrong at one question in a hundred would, or one that counts its calls.
TEST(Search, AnIncumbentThatTurnsOutToBeWrongIsDeposedAndTheSearchGoesOn) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    evaluator.betray = [](const synthetic::Plan& plan) { return plan.unroll == 4; };
    const auto outcome = optimize(tile_space(), {evaluator, archive}, limited(80));
    ASSERT_TRUE(outcome) << outcome.error().text;
    EXPECT_EQ(outcome->evaluations, 80);
    const auto verdicts = archive.verdicts().value();
    const auto wrong = std::ranges::count_if(verdicts, [](const archive::VerdictRecord& record) {
        return record.verdict.status == Status::Wrong;
    });
    EXPECT_GE(wrong, 1);
    std::set<archive::KernelId> tried;
    for (const auto& record : verdicts)
        tried.insert(record.kernel);
    EXPECT_EQ(tried.size(), 80u);
    std::set<archive::KernelId> fallen;
    for (const auto& record : verdicts) {
        if (record.verdict.status == Status::Wrong) fallen.insert(record.kernel);
    }
    ASSERT_FALSE(outcome->finalists.empty());
    for (const Finalist& finalist : outcome->finalists)
        EXPECT_FALSE(fallen.contains(finalist.id));
}

TEST(Search, WithNothingRightThereIsNoFinalistAndNoChild) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    evaluator.spoil = [](const synthetic::Plan&) { return Status::Wrong; };
    const auto outcome = optimize(tile_space(), {evaluator, archive}, limited(30));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->stop, Stop::Budget);
    EXPECT_TRUE(outcome->finalists.empty());
    EXPECT_FALSE(outcome->best);
    const auto kernels = archive.kernels().value();
    for (const auto& kernel : kernels)
        EXPECT_TRUE(kernel.parents.empty());
}

TEST_F(FileArchive, ResumedItRepeatsNothingAndStandsWhereItStopped) {
    std::set<std::string> before;
    std::optional<Best> best;
    {
        archive::Archive archive = open();
        TableEvaluator evaluator;
        const auto outcome = optimize(tile_space(), {evaluator, archive}, limited(37));
        ASSERT_TRUE(outcome);
        before.insert(evaluator.screened.begin(), evaluator.screened.end());
        best = outcome->best;
    }
    archive::Archive archive = open();
    TableEvaluator evaluator;
    Options none = limited(1);
    none.stop = [] { return true; };
    const auto recalled = optimize(tile_space(), {evaluator, archive}, none);
    ASSERT_TRUE(recalled);
    EXPECT_EQ(recalled->stop, Stop::Asked);
    EXPECT_EQ(recalled->evaluations, 0);
    ASSERT_TRUE(recalled->best);
    EXPECT_EQ(recalled->best->kernel, best->kernel);
    EXPECT_DOUBLE_EQ(recalled->best->ratio.mid, best->ratio.mid);
    EXPECT_DOUBLE_EQ(recalled->best->ratio.high, best->ratio.high);

    const auto resumed = optimize(tile_space(), {evaluator, archive}, limited(60));
    ASSERT_TRUE(resumed);
    EXPECT_EQ(evaluator.tried.size(), 60u);
    for (const std::string& source : evaluator.screened)
        EXPECT_FALSE(before.contains(source));
    EXPECT_GE(resumed->best->ratio.mid, best->ratio.mid * 0.99);
    EXPECT_EQ(archive.totals()->tried, 97);
}

// Also between the two screenings of what seemed better.
TEST_F(FileArchive, AKernelThatWasInFlightIsTriedAgain) {
    int between = 0;
    for (std::size_t at = 1; at <= 10; ++at) {
        const std::filesystem::path path = folder_ / fmt::format("{}.db", at);
        std::string in_flight;
        {
            archive::Archive archive = archive::Archive::open(path).value();
            TableEvaluator evaluator;
            evaluator.interrupt_at = at;
            const auto outcome = optimize(tile_space(), {evaluator, archive}, limited(20));
            ASSERT_TRUE(outcome);
            EXPECT_EQ(outcome->stop, Stop::Asked);
            in_flight = evaluator.screened.back();
            const bool promising = at > 1 && evaluator.screened[at - 2] == in_flight;
            between += promising ? 1 : 0;
            EXPECT_EQ(outcome->evaluations, static_cast<int>(evaluator.tried.size()) - promising);
        }
        archive::Archive archive = archive::Archive::open(path).value();
        TableEvaluator evaluator;
        ASSERT_TRUE(optimize(tile_space(), {evaluator, archive}, limited(20)));
        EXPECT_EQ(evaluator.screened.front(), in_flight) << at;
    }
    EXPECT_GE(between, 1);
}

TEST_F(FileArchive, WhatWasQuarantinedBetweenTwoCallsIsNoParent) {
    archive::Archive archive = open();
    TableEvaluator evaluator;
    const auto first = optimize(tile_space(), {evaluator, archive}, limited(40));
    ASSERT_TRUE(first);
    const archive::KernelId fallen = first->best->kernel;
    archive::NewVerdict judged;
    judged.kernel = fallen;
    judged.trial = archive::Trial::Judge;
    judged.verdict.status = Status::Cheating;
    ASSERT_TRUE(archive.record_verdict(judged));
    const auto second = optimize(tile_space(), {evaluator, archive}, limited(40));
    ASSERT_TRUE(second);
    EXPECT_NE(second->best->kernel, fallen);
    for (const Finalist& finalist : second->finalists) {
        EXPECT_FALSE(archive.kernel(finalist.id).value()->quarantined);
    }
    const auto kernels = archive.kernels().value();
    for (std::size_t i = 40; i < kernels.size(); ++i) {
        EXPECT_EQ(std::ranges::count(kernels[i].parents, fallen), 0);
    }
}

TEST(Search, StopsAtTheCeiling) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    evaluator.ceiling = best_time() * 0.9;
    Options options = limited(300);
    options.enough = 0.85;
    const auto outcome = optimize(tile_space(), {evaluator, archive}, options);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->stop, Stop::Ceiling);
    EXPECT_GE(outcome->best->ceiling->share, 0.85);
    EXPECT_LT(outcome->evaluations, 300);
}

TEST(Search, TriesSomeKernelsWhateverTheCeiling) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    evaluator.ceiling = 1e9;  // all are beyond it
    const auto outcome = optimize(tile_space(), {evaluator, archive}, limited(300));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->stop, Stop::Ceiling);
    EXPECT_GE(outcome->evaluations, 6);
    EXPECT_LT(outcome->evaluations, 20);
}

TEST(Search, StopsWhenNothingIsGained) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    Options options = limited(5000);
    options.patience = 25;
    const auto outcome = optimize(tile_space(), {evaluator, archive}, options);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->stop, Stop::NoGain);
    EXPECT_GE(outcome->evaluations, 25);
}

TEST(Search, StopsWhenTheSecondsAreSpent) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    double now = 100;
    Options options = limited(0);
    options.seconds = 1;
    options.clock = [&now] { return now += 0.01; };
    const auto outcome = optimize(tile_space(), {evaluator, archive}, options);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->stop, Stop::Budget);
    EXPECT_GE(outcome->seconds, 1);
    EXPECT_LT(outcome->seconds, 1.3);
    EXPECT_GT(outcome->evaluations, 5);
}

TEST(Search, StopsWhenAsked) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    Options options = limited(0);
    options.stop = [&evaluator] { return evaluator.tried.size() >= 9; };
    const auto outcome = optimize(tile_space(), {evaluator, archive}, options);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->stop, Stop::Asked);
    EXPECT_EQ(outcome->evaluations, 9);
    EXPECT_EQ(archive.totals()->tried, 9);
}

TEST(Search, AFailingMachineIsAnErrorAndKeepsWhatWasDone) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    evaluator.fail_at = 7;
    const auto outcome = optimize(tile_space(), {evaluator, archive}, limited(50));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::Full);
    EXPECT_EQ(archive.totals()->verdicts, 6);
}

class Recorder final : public Observer {
public:
    void before(const Progress& progress) override { trying.push_back(progress.trying); }
    void after(const Progress& progress, const verdict::Verdict& verdict) override {
        steps.push_back(progress);
        right += verdict::is_right(verdict.status) ? 1 : 0;
    }
    std::vector<std::string> trying;
    std::vector<Progress> steps;
    int right = 0;
};

TEST(Search, TellsTheObserverEachStep) {
    archive::Archive archive = in_memory();
    TableEvaluator evaluator;
    Recorder recorder;
    ASSERT_TRUE(optimize(tile_space(), {evaluator, archive, &recorder}, limited(30)));
    ASSERT_EQ(recorder.steps.size(), 30u);
    EXPECT_EQ(recorder.trying.size(), 30u);
    EXPECT_EQ(recorder.steps.front().phase, Phase::Seeds);
    EXPECT_EQ(recorder.steps.back().phase, Phase::Evolve);
    EXPECT_EQ(recorder.steps.back().evaluations, 30);
    EXPECT_EQ(recorder.steps.back().right, recorder.right);
    EXPECT_EQ(recorder.steps.back().evaluations_left, 0);
    EXPECT_EQ(recorder.steps.back().seconds_left, std::nullopt);
    EXPECT_TRUE(recorder.trying.front().starts_with("tile y ")) << recorder.trying.front();
    EXPECT_EQ(recorder.trying.front().find('\n'), std::string::npos);
    double last = 0;
    for (const Progress& step : recorder.steps) {
        ASSERT_TRUE(step.best);
        EXPECT_GE(step.best->ratio.mid, last);
        EXPECT_LT(step.best->ratio.low, step.best->ratio.high);
        last = step.best->ratio.mid;
    }
}

}  // namespace
}  // namespace cupel::engineer

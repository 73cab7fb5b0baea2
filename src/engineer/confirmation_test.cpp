// SPDX-License-Identifier: Apache-2.0
// Promotion by two screenings, where kernels are measured with noise: how often something slower
// takes the place of the incumbent, and what it costs to find out.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "engineer/engineer.hpp"
#include "engineer/scripted.hpp"
#include "engineer/synthetic.hpp"
#include "engineer/writer.hpp"
#include "os/files.hpp"

namespace cupel::engineer {
namespace {

using synthetic::best_time;
using synthetic::TableEvaluator;
using synthetic::TileSpace;

// What a search among 46 080 schedules comes to, by how noisily they are measured.
struct Race {
    int searches = 0;
    int promotions = 0;     // in all of them
    int usurped = 0;        // ... of something slower than the incumbent was
    double screenings = 0;  // median, until the incumbent is within 2 % of the best
    double flattery =
        0;             // mean log of what the last incumbent was thought to be worth over its worth
    double share = 0;  // mean, of the best's speed, that it has
};

void take_in(Race& race, const TableEvaluator& evaluator, const Outcome& outcome) {
    race.usurped += evaluator.usurped;
    for (std::size_t at = 1; at < evaluator.leads.size(); ++at)
        race.promotions += evaluator.leads[at] != evaluator.leads[at - 1] ? 1 : 0;
    ASSERT_FALSE(outcome.finalists.empty());
    const double truth = synthetic::truth(TableEvaluator::plan_of(outcome.finalists[0].kernel));
    const double thought = outcome.best->ratio.mid;
    race.flattery += std::log(thought * truth / TableEvaluator::kNaive) / race.searches;
    race.share += best_time() / truth / race.searches;
}

Race race(double noise, int searches, int kernels) {
    static const TileSpace space;
    Race race;
    race.searches = searches;
    std::vector<double> counts;
    for (int i = 1; i <= searches; ++i) {
        auto archive = archive::Archive::open(":memory:").value();
        TableEvaluator evaluator;
        evaluator.noise = noise;
        evaluator.seed = static_cast<std::uint64_t>(i);
        Options options;
        options.seconds = 0;
        options.evaluations = kernels;
        options.patience = 10'000;
        options.seed = static_cast<std::uint64_t>(i);
        const auto outcome = optimize(space, {evaluator, archive}, options);
        EXPECT_TRUE(outcome.has_value());
        if (outcome) take_in(race, evaluator, *outcome);
        const auto there = std::ranges::find_if(
            evaluator.leads, [](double lead) { return best_time() / lead >= 0.98; });
        counts.push_back(static_cast<double>(there - evaluator.leads.begin()));
    }
    std::ranges::sort(counts);
    race.screenings = counts[counts.size() / 2];
    return race;
}

// By one screening 27 of 173 promotions are of something slower, and the last incumbent is thought
// to be worth 7.5 % more than it is.
TEST(Confirmation, KeepsLuckOutOfThePlaceAndOutOfTheScore) {
    int searches = 11;
    const char* text = os::environment("CUPEL_PROMOTION_SEARCHES");
    if (text != nullptr) {
        std::from_chars(text, text + std::string_view(text).size(), searches);
        for (const double noise : {0.005, 0.01, 0.02, 0.04}) {
            const Race one = race(noise, searches, 150);
            fmt::print("| {:.1f} % | {} of {} | {:.0f} | {:.1f} % | {:.1f} % |\n", 100 * noise,
                       one.usurped, one.promotions, one.screenings, 100 * one.flattery,
                       100 * one.share);
        }
        return;
    }
    const Race loud = race(0.04, searches, 60);
    EXPECT_LE(loud.usurped, 1);
    EXPECT_GE(loud.promotions, searches);
    EXPECT_LT(loud.flattery, 0.035);
}

// Each kernel has one speed when it is met first and another one after that.
class Moody final : public verdict::Evaluator {
public:
    Moody(double first, double then) : first_(first), then_(then) {}
    void prepare(const std::vector<verdict::Kernel>& /*kernels*/) override {}
    Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                      const verdict::Kernel* /*incumbent*/) override {
        const double ratio = times_[kernel.source]++ == 0 ? first_ : then_;
        verdict::Verdict verdict;
        verdict.status = ratio == 0     ? verdict::Status::Cheating
                         : ratio > 1.01 ? verdict::Status::Faster
                                        : verdict::Status::NotResolved;
        if (ratio > 0)
            verdict.speedup = verdict::Speedup{{ratio / 1.01, ratio, ratio * 1.01, 0.95}, "naive"};
        return verdict::Screening{verdict};
    }
    Result<verdict::Verdict> select(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Usage, "the engineer never selects");
    }
    Result<verdict::Verdict> judge(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Usage, "the engineer never judges");
    }

private:
    double first_;
    double then_;
    std::map<std::string, int> times_;
};

// Hands in one kernel and keeps what it is told of it.
class Author final : public Writer {
public:
    Result<std::vector<Draft>> write(const Standings& /*standings*/, std::size_t /*most*/,
                                     bool /*idle*/) override {
        if (std::exchange(done_, true)) return std::vector<Draft>();
        return std::vector<Draft>{{{"void kernel();", "", "model"}, {}, "write", 1}};
    }
    [[nodiscard]] bool done() const override { return done_; }
    Result<void> passed_over(const Draft& /*draft*/) override { return {}; }
    Result<void> tried(const Draft& /*draft*/, const Trial& trial) override {
        trials.push_back(trial);
        return {};
    }
    [[nodiscard]] Spending spending() const override { return {}; }
    std::vector<Trial> trials;

private:
    bool done_ = false;
};

struct Ended {
    Outcome outcome;
    std::vector<Trial> told;
    archive::Archive archive;
};

Ended try_one_kernel(double first, double then) {
    Ended ended{{}, {}, archive::Archive::open(":memory:").value()};
    Moody evaluator(first, then);
    Author author;
    Options options;
    options.seconds = 0;
    options.evaluations = 5;
    const auto outcome =
        optimize(scripted::Schedules(0), {evaluator, ended.archive, nullptr, {&author}}, options);
    EXPECT_TRUE(outcome.has_value());
    ended.outcome = outcome.value_or(Outcome{});
    ended.told = author.trials;
    EXPECT_EQ(ended.told.size(), 1U);
    return ended;
}

TEST(Confirmation, CreditsWhatTheSecondScreeningGainsAndNoMore) {
    Ended ended = try_one_kernel(3, 1.5);
    EXPECT_NEAR(ended.told.at(0).gain, std::log(1.5), 1e-12);
    EXPECT_NEAR(ended.outcome.best->ratio.mid, 1.5, 1e-12);
    EXPECT_EQ(ended.outcome.evaluations, 1);  // one kernel
    // Both verdicts are kept, and the second ranks it.
    EXPECT_EQ(ended.archive.verdicts().value().size(), 2U);
    EXPECT_NEAR(ended.archive.best().value()->score, std::log(1.5), 1e-12);
}

TEST(Confirmation, CreditsNothingThatWasLuck) {
    Ended ended = try_one_kernel(3, 1);
    EXPECT_EQ(ended.told.at(0).gain, 0);
    EXPECT_EQ(ended.told.at(0).verdict.status, verdict::Status::NotResolved);
    EXPECT_NEAR(ended.outcome.best->ratio.mid, 1, 1e-12);
}

TEST(Confirmation, FindsOutWhatIsWrongTheSecondTime) {
    Ended ended = try_one_kernel(3, 0);
    EXPECT_EQ(ended.told.at(0).verdict.status, verdict::Status::Cheating);
    EXPECT_TRUE(ended.outcome.finalists.empty());
    EXPECT_FALSE(ended.outcome.best);
}

TEST(Confirmation, IsAskedForOnlyWhereSomethingSeemsBetter) {
    EXPECT_EQ(try_one_kernel(1, 3).archive.verdicts().value().size(), 1U);
}

}  // namespace
}  // namespace cupel::engineer

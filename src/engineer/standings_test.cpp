// SPDX-License-Identifier: Apache-2.0
#include "engineer/standings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engineer/screening.hpp"

namespace cupel::engineer {
namespace {

using verdict::Status;
using News = Standings::News;

Standing contender(archive::KernelId id) {
    Standing standing;
    standing.id = id;
    return standing;
}

verdict::Verdict measured(Status status, double mid, double half = 0.01) {
    verdict::Verdict verdict;
    verdict.status = status;
    verdict.speedup = verdict::Speedup{{mid * (1 - half), mid, mid * (1 + half), 0.95}, "x"};
    return verdict;
}

// Seems better twice.
void promote(Standings& standings, archive::KernelId id, const verdict::Verdict& verdict,
             std::optional<archive::KernelId> incumbent) {
    EXPECT_EQ(standings.add(contender(id), verdict, incumbent), News::Promising);
    EXPECT_EQ(standings.add(contender(id), verdict, incumbent), News::Promoted);
}

TEST(Standings, WhatSeemsBetterTakesThePlaceWhenItDoesSoAgain) {
    Standings standings;
    EXPECT_EQ(standings.add(contender(1), measured(Status::Faster, 4), std::nullopt),
              News::Promising);
    EXPECT_EQ(standings.incumbent(), nullptr);
    EXPECT_TRUE(standings.promising().contains(1));
    EXPECT_EQ(standings.add(contender(1), measured(Status::Faster, 3), std::nullopt),
              News::Promoted);
    EXPECT_EQ(standings.incumbent()->id, 1);
    EXPECT_TRUE(standings.promising().empty());
    // Luck is not counted: the second time alone says what it is worth.
    EXPECT_NEAR(standings.score(1), std::log(3), 1e-12);
}

TEST(Standings, ByLuckNothingIsPromoted) {
    Standings standings;
    promote(standings, 1, measured(Status::Faster, 2), std::nullopt);
    EXPECT_EQ(standings.add(contender(2), measured(Status::Faster, 1.1), 1), News::Promising);
    EXPECT_EQ(standings.add(contender(2), measured(Status::NotResolved, 1.001), 1), News::Placed);
    EXPECT_EQ(standings.incumbent()->id, 1);
    EXPECT_NEAR(standings.score(2), std::log(2 * 1.001), 1e-12);
    EXPECT_TRUE(standings.promising().empty());
    EXPECT_EQ(standings.add(contender(3), measured(Status::Faster, 1.1), 1), News::Promising);
    EXPECT_EQ(standings.add(contender(3), measured(Status::Wrong, 1.1), 1), News::Barred);
    EXPECT_TRUE(standings.promising().empty());
    // More than half of its interval above the incumbent is enough the second time, not the first.
    EXPECT_EQ(standings.add(contender(4), measured(Status::NotResolved, 1.007), 1), News::Placed);
    EXPECT_EQ(standings.add(contender(5), measured(Status::Faster, 1.1), 1), News::Promising);
    EXPECT_EQ(standings.add(contender(5), measured(Status::NotResolved, 1.007), 1), News::Promoted);
}

// Archives of before promotions were confirmed hold one screening of each.
TEST(Standings, WhatOthersWereComparedWithHadThePlace) {
    Standings standings;
    EXPECT_EQ(standings.add(contender(1), measured(Status::Faster, 4), std::nullopt),
              News::Promising);
    EXPECT_EQ(standings.add(contender(2), measured(Status::Slower, 0.5), 1), News::Placed);
    EXPECT_EQ(standings.incumbent()->id, 1);
    EXPECT_TRUE(standings.promising().empty());
}

TEST(Standings, ScoresAreChainedThroughTheIncumbent) {
    Standings standings;
    promote(standings, 1, measured(Status::Faster, 4), std::nullopt);
    promote(standings, 2, measured(Status::Faster, 1.5), 1);
    EXPECT_EQ(standings.add(contender(3), measured(Status::Slower, 0.5), 2), News::Placed);
    EXPECT_NEAR(standings.score(2), std::log(6), 1e-12);
    EXPECT_NEAR(standings.score(3), std::log(3), 1e-12);
    EXPECT_EQ(standings.incumbent()->id, 2);
    EXPECT_NEAR(standings.best()->ratio.mid, 6, 1e-9);
    EXPECT_TRUE(std::isnan(standings.score(7)));
}

TEST(Standings, GoByWhatIsSureWhereNobodyIsPromoted) {
    Standings standings;
    verdict::Verdict vague = measured(Status::NotResolved, 75.3);
    vague.speedup->ratio = {0.06, 75.3, 92357.58, 0.95};
    EXPECT_EQ(standings.add(contender(1), vague, std::nullopt), News::Placed);
    verdict::Verdict sure = measured(Status::NotResolved, 1.0, 0.02);
    EXPECT_EQ(standings.add(contender(2), sure, std::nullopt), News::Placed);
    EXPECT_EQ(standings.best()->kernel, 2);
    promote(standings, 3, measured(Status::Faster, 1.5), std::nullopt);
    EXPECT_EQ(standings.best()->kernel, 3);
}

// A middle of 1.5 that may be 0.5 as well is no reason to be judged before a sure 1.1.
TEST(Standings, WhatIsHardlyKnownCountsAsHardlyMore) {
    Standings standings;
    promote(standings, 1, measured(Status::Faster, 2), std::nullopt);
    standings.add(contender(2), measured(Status::NotResolved, 1.5, 0.9), 1);
    standings.add(contender(3), measured(Status::Faster, 1.1, 0.01), 1);
    standings.add(contender(4), measured(Status::NotResolved, 0.9, 0.01), 1);
    std::vector<archive::KernelId> order;
    for (const Standing* standing : standings.ranked())
        order.push_back(standing->id);
    EXPECT_EQ(order, (std::vector<archive::KernelId>{1, 3, 2, 4}));
    EXPECT_NEAR(standings.score(2), std::log(2 * 1.5), 1e-12);  // as it was measured
}

TEST(Standings, TheChainsIntervalGrowsInQuadrature) {
    Standings standings;
    promote(standings, 1, measured(Status::Faster, 4, 0.03), std::nullopt);
    promote(standings, 2, measured(Status::Faster, 2, 0.04), 1);
    const verdict::Interval ratio = standings.best()->ratio;
    EXPECT_NEAR(std::log(ratio.high / ratio.low) / 2, 0.05, 1e-3);
}

TEST(Standings, ALuckyMiddleIsNotPromoted) {
    Standings standings;
    promote(standings, 1, measured(Status::Faster, 2), std::nullopt);
    EXPECT_EQ(standings.add(contender(2), measured(Status::NotResolved, 1.05, 0.2), 1),
              News::Placed);
    EXPECT_EQ(standings.incumbent()->id, 1);
    EXPECT_EQ(standings.ranked().front()->id, 1);
}

TEST(Standings, NothingFasterThanNaiveMeansNoIncumbent) {
    Standings standings;
    standings.add(contender(1), measured(Status::Slower, 0.5), std::nullopt);
    EXPECT_EQ(standings.incumbent(), nullptr);
    EXPECT_EQ(standings.best()->kernel, 1);
}

TEST(Standings, OnlyTheRightHaveAPlace) {
    Standings standings;
    for (const Status status : {Status::Wrong, Status::Crashed, Status::TimedOut,
                                Status::CompileError, Status::Cheating, Status::Impossible}) {
        EXPECT_EQ(standings.add(contender(1), measured(status, 100), std::nullopt), News::Barred);
    }
    EXPECT_EQ(standings.add(contender(1), measured(Status::Faster, 100), std::nullopt),
              News::Barred);
    EXPECT_TRUE(standings.ranked().empty());
    EXPECT_FALSE(standings.best());
}

TEST(Standings, WithoutAUsableRatioThereIsNoPlace) {
    Standings standings;
    verdict::Verdict verdict;
    verdict.status = Status::Accepted;
    EXPECT_EQ(standings.add(contender(1), verdict, std::nullopt), News::Unplaced);
    for (const double mid : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        EXPECT_EQ(standings.add(contender(1), measured(Status::Faster, mid), std::nullopt),
                  News::Unplaced);
    }
}

TEST(Standings, ABarredIncumbentIsSucceededAndSaysNothingMore) {
    Standings standings;
    promote(standings, 1, measured(Status::Faster, 3), std::nullopt);
    promote(standings, 2, measured(Status::Faster, 2), 1);
    standings.bar(2);
    ASSERT_NE(standings.incumbent(), nullptr);
    EXPECT_EQ(standings.incumbent()->id, 1);
    EXPECT_EQ(standings.add(contender(3), measured(Status::Slower, 0.9), 2), News::Unfounded);
    standings.bar(1);
    EXPECT_EQ(standings.incumbent(), nullptr);
}

verdict::Verdict bounded(double seconds, double load = 0) {
    verdict::Verdict verdict;
    verdict.status = Status::Accepted;
    verdict.bound = verdict::Bound{"a GPU", seconds, "DRAM", 1e-6, "DRAM", seconds, load};
    return verdict;
}

TEST(Standings, WhatIsNotTimedIsPlacedByItsBound) {
    Standings standings;
    EXPECT_EQ(standings.to_beat(bounded(4e-6)), *score_of(*bounded(4e-6).bound));
    promote(standings, 1, bounded(4e-6), std::nullopt);
    promote(standings, 2, bounded(2e-6), 1);
    EXPECT_EQ(standings.add(contender(3), bounded(3e-6), 2), News::Placed);
    EXPECT_NEAR(standings.score(2), -std::log(2), 1e-9);
    EXPECT_NEAR(standings.incumbent()->share, 0.5, 1e-9);
    EXPECT_EQ(standings.to_beat(bounded(9e-6)), standings.score(2));
    // Whatever the chain: a bound needs no other kernel.
    standings.bar(2);
    EXPECT_EQ(standings.incumbent()->id, 3);
    promote(standings, 4, bounded(2.5e-6), 2);
}

TEST(Standings, OfTheSameBoundTheLighterKernelLeads) {
    Standings standings;
    promote(standings, 1, bounded(1e-6, 5e-6), std::nullopt);
    EXPECT_EQ(standings.add(contender(2), bounded(1e-6, 5e-6), 1), News::Placed);
    promote(standings, 3, bounded(1e-6, 2e-6), 1);
    // More than a thousandth of the bound outweighs it all.
    EXPECT_EQ(standings.add(contender(4), bounded(1.01e-6, 1.01e-6), 3), News::Placed);
}

TEST(Standings, ARightKernelWithoutABoundHasNoPlace) {
    Standings standings;
    verdict::Verdict verdict;
    verdict.status = Status::Accepted;
    EXPECT_EQ(standings.add(contender(1), verdict, std::nullopt), News::Unplaced);
    EXPECT_EQ(standings.add(contender(2), bounded(0), std::nullopt), News::Unplaced);
    EXPECT_EQ(standings.size(), 0U);
}

TEST(Standings, KeepTheSchedulesOfTheBestOnly) {
    Standings standings;
    for (int i = 1; i <= 500; ++i) {
        Standing one = contender(i);
        one.trace = {{"tile", "y", {std::to_string(i)}}};
        standings.add(std::move(one), measured(Status::Faster, 1 + 0.01 * ((i * 7919) % 500)),
                      std::nullopt);
    }
    const auto ranked = standings.ranked();
    ASSERT_EQ(ranked.size(), 500U);
    for (std::size_t i = 0; i < 32; ++i)
        EXPECT_FALSE(ranked[i]->trace.empty()) << i;
    const auto traced =
        std::ranges::count_if(ranked, [](const Standing* one) { return !one->trace.empty(); });
    EXPECT_LE(traced, 128);
}

}  // namespace
}  // namespace cupel::engineer

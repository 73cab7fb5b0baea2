// SPDX-License-Identifier: Apache-2.0
#include "engineer/standings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

TEST(Standings, ScoresAreChainedThroughTheIncumbent) {
    Standings standings;
    EXPECT_EQ(standings.add(contender(1), measured(Status::Faster, 4), std::nullopt),
              News::Promoted);
    EXPECT_EQ(standings.add(contender(2), measured(Status::Faster, 1.5), 1), News::Promoted);
    EXPECT_EQ(standings.add(contender(3), measured(Status::Slower, 0.5), 2), News::Placed);
    EXPECT_NEAR(standings.score(2), std::log(6), 1e-12);
    EXPECT_NEAR(standings.score(3), std::log(3), 1e-12);
    EXPECT_EQ(standings.incumbent()->id, 2);
    EXPECT_NEAR(standings.best()->ratio.mid, 6, 1e-9);
    EXPECT_TRUE(std::isnan(standings.score(7)));
}

TEST(Standings, TheChainsIntervalGrowsInQuadrature) {
    Standings standings;
    standings.add(contender(1), measured(Status::Faster, 4, 0.03), std::nullopt);
    standings.add(contender(2), measured(Status::Faster, 2, 0.04), 1);
    const verdict::Interval ratio = standings.best()->ratio;
    EXPECT_NEAR(std::log(ratio.high / ratio.low) / 2, 0.05, 1e-3);
}

TEST(Standings, ALuckyMiddleIsNotPromoted) {
    Standings standings;
    standings.add(contender(1), measured(Status::Faster, 2), std::nullopt);
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
    standings.add(contender(1), measured(Status::Faster, 3), std::nullopt);
    standings.add(contender(2), measured(Status::Faster, 2), 1);
    standings.bar(2);
    ASSERT_NE(standings.incumbent(), nullptr);
    EXPECT_EQ(standings.incumbent()->id, 1);
    EXPECT_EQ(standings.add(contender(3), measured(Status::Slower, 0.9), 2), News::Unfounded);
    standings.bar(1);
    EXPECT_EQ(standings.incumbent(), nullptr);
}

}  // namespace
}  // namespace cupel::engineer

// SPDX-License-Identifier: Apache-2.0
#include "engineer/proposer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engineer/synthetic.hpp"

namespace cupel::engineer {
namespace {

std::string text(const Trace& trace) {
    return schedule::print_trace(trace);
}

Standings standings_of(const std::vector<Trace>& traces) {
    Standings standings;
    archive::KernelId id = 0;
    for (const Trace& trace : traces) {
        Standing standing;
        standing.id = ++id;
        standing.trace = trace;
        verdict::Verdict verdict;
        verdict.status = id == 1 ? verdict::Status::Faster : verdict::Status::Slower;
        const double ratio = id == 1 ? 4 : 1.0 / static_cast<double>(id);
        verdict.speedup = verdict::Speedup{{ratio, ratio, ratio, 0.95}, "x"};
        standings.add(standing, verdict,
                      id == 1 ? std::nullopt : std::optional<archive::KernelId>(1));
    }
    return standings;
}

TEST(Cross, TakesEachDecisionFromOneOfTheParents) {
    std::mt19937_64 random(1);
    const Trace mother = synthetic::write({{4, 2, 128, 48, 512}, true, false, true, 2});
    const Trace father = synthetic::write({{8, 3, 256, 96, 1024}, false, true, false, 4});
    std::set<std::string> children;
    for (int i = 0; i < 400; ++i) {
        const auto plan = synthetic::read(cross(mother, father, random));
        ASSERT_TRUE(plan);
        for (std::size_t d = 0; d < 5; ++d) {
            const int from_mother = synthetic::read(mother)->tile[d];
            const int from_father = synthetic::read(father)->tile[d];
            ASSERT_TRUE(plan->tile[d] == from_mother || plan->tile[d] == from_father);
        }
        children.insert(text(synthetic::write(*plan)));
    }
    EXPECT_GT(children.size(), 150u);  // of 2^9
}

TEST(Cross, OfTwinsIsTheTwin) {
    std::mt19937_64 random(2);
    const Trace twin = synthetic::write({{8, 3, 256, 96, 1024}, true, true, false, 4});
    EXPECT_EQ(cross(twin, twin, random), twin);
}

TEST(Cross, OfStrangersDoesNotCrash) {
    std::mt19937_64 random(3);
    const Trace sweep = {{"sweep", "y", {"8", "4"}}};
    const Trace twice = {{"sweep", "y", {"1"}}, {"sweep", "y", {"2"}}, {"hint", "y", {}}};
    for (int i = 0; i < 50; ++i) {
        EXPECT_LE(cross(sweep, twice, random).size(), 4u);
        EXPECT_LE(cross(twice, {}, random).size(), 3u);
        EXPECT_TRUE(cross({}, {}, random).empty());
    }
}

TEST(Proposer, SeedsAreEightFavouritesAndFourWalks) {
    const synthetic::TileSpace space;
    Proposer proposer(space, 1);
    const auto seeds = proposer.seeds();
    ASSERT_EQ(seeds.size(), 12u);
    const auto favourites = space.initial();
    for (std::size_t i = 0; i < 8; ++i)
        EXPECT_EQ(seeds[i].trace, favourites[i]);
    for (const Proposal& seed : seeds)
        EXPECT_TRUE(seed.parents.empty());
}

TEST(Proposer, NeverProposesTheSameTwice) {
    const synthetic::TileSpace space;
    Proposer proposer(space, 2);
    const Standings standings = standings_of(space.initial());
    std::set<std::string> seen;
    for (const Proposal& seed : proposer.seeds())
        EXPECT_TRUE(seen.insert(text(seed.trace)).second);
    for (int i = 0; i < 300; ++i) {
        const auto proposal = proposer.next(standings);
        ASSERT_TRUE(proposal);
        EXPECT_TRUE(seen.insert(text(proposal->trace)).second);
    }
}

TEST(Proposer, ParentsAreOnlyThoseThatStand) {
    const synthetic::TileSpace space;
    Proposer proposer(space, 3);
    Standings standings = standings_of(space.initial());
    standings.bar(1);
    standings.bar(5);
    for (int i = 0; i < 200; ++i) {
        const std::optional<Proposal> proposal = proposer.next(standings);
        ASSERT_TRUE(proposal);
        for (const archive::KernelId parent : proposal->parents) {
            EXPECT_FALSE(parent == 1 || parent == 5);
        }
    }
}

TEST(Proposer, AThirdOfTheProposalsIsFreeOfTheModelsVeto) {
    const synthetic::TileSpace space;
    Proposer proposer(space, 4);
    const Standings standings = standings_of(space.initial());
    const double limit = 1.3 * *space.cost(space.initial().front());
    int vetoed = 0;
    for (int i = 1; i <= 300; ++i) {
        const auto proposal = proposer.next(standings);
        ASSERT_TRUE(proposal);
        const bool over = *space.cost(proposal->trace) > limit;
        EXPECT_TRUE(!over || i % 3 == 0) << i;
        vetoed += over ? 1 : 0;
    }
    EXPECT_GT(vetoed, 15);
    EXPECT_LE(vetoed, 100);
}

TEST(Proposer, WithNothingRightItWalksFromTheTaskAlone) {
    const synthetic::TileSpace space;
    Proposer proposer(space, 5);
    const auto proposal = proposer.next(Standings());
    ASSERT_TRUE(proposal);
    EXPECT_TRUE(proposal->parents.empty());
}

TEST(Proposer, ASpaceThatIsUsedUpEndsIt) {
    const synthetic::ListSpace space(1);
    Proposer proposer(space, 6);
    EXPECT_EQ(proposer.seeds().size(), 1u);
    EXPECT_FALSE(proposer.next(standings_of(space.initial())));
    EXPECT_FALSE(proposer.next(Standings()));
}

}  // namespace
}  // namespace cupel::engineer

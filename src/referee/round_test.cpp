// SPDX-License-Identifier: Apache-2.0
// The odds of a round. Each test is the death of a fault that could be planted in a race: windows
// that are never single or all alike, a kind of question that is never asked, an answer that is
// never looked at whole.
#include "referee/round.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "referee/estimate.hpp"

namespace cupel::referee {
namespace {

TEST(Round, OneWindowInFourIsSingleAndTheOthersCannotBeForetold) {
    std::mt19937_64 random(1);
    std::set<int> seen;
    for (int timed = 0; timed < 4000; ++timed) {
        const int questions = questions_in(40, timed, random());
        if (timed % 4 == 1) {
            EXPECT_EQ(questions, 1);
            continue;
        }
        EXPECT_GT(questions, 20);
        EXPECT_LE(questions, 40);
        seen.insert(questions);
    }
    EXPECT_EQ(seen.size(), 20U);
    for (const int full : {1, 2, 3}) {
        for (int timed = 0; timed < 100; ++timed) {
            const int questions = questions_in(full, timed, random());
            EXPECT_GE(questions, 1);
            EXPECT_LE(questions, full);
        }
    }
}

TEST(Round, EveryKindOfQuestionComesAsOftenAsIsSaid) {
    std::mt19937_64 random(2);
    std::map<Kind, int> polynomial;
    std::map<Kind, int> other;
    for (int i = 0; i < 32'000; ++i) {
        ++polynomial[draw_kind(true, random())];
        ++other[draw_kind(false, random())];
    }
    EXPECT_NEAR(polynomial[Kind::Exact], 8000, 400);
    EXPECT_NEAR(polynomial[Kind::Wide], 3000, 300);
    EXPECT_NEAR(other[Kind::Exact], 8000, 400);
    EXPECT_EQ(other[Kind::Wide], 0) << "they take another time there, and may not be timed";
}

TEST(Round, EveryAnswerMayBeComparedWholeAndExactOnesMoreOften) {
    std::vector<Kind> kinds(10, Kind::Lawful);
    kinds[7] = Kind::Exact;
    std::vector<int> times(10);
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        const std::vector<int> watched = draw_watched(kinds, 1000, seed);
        EXPECT_EQ(watched.size(), 4U);
        EXPECT_EQ(std::set(watched.begin(), watched.end()).size(), 4U) << "each once";
        for (const int slot : watched)
            ++times.at(static_cast<std::size_t>(slot));
    }
    for (std::size_t slot = 0; slot < times.size(); ++slot)
        EXPECT_NEAR(times[slot], slot == 7 ? 2800 : 1467, 150) << slot;
}

TEST(Round, HowManyAreComparedWholeDependsOnTheirSize) {
    const std::vector<Kind> kinds(10, Kind::Lawful);
    EXPECT_EQ(draw_watched(kinds, std::size_t{64} << 20, 1).size(), 1U);
    EXPECT_EQ(draw_watched(kinds, std::size_t{4} << 20, 1).size(), 2U);
    EXPECT_EQ(draw_watched(std::span(kinds).first(1), 4, 1), std::vector<int>{0});
    const std::vector<Kind> wide(4, Kind::Wide);
    EXPECT_EQ(draw_watched(wide, std::size_t{16} << 20, 1).size(), 4U);
}

TEST(Round, DetectionIsOfOnePerCentOfWrongElements) {
    EXPECT_EQ(detection(0), 0);
    EXPECT_NEAR(detection(1), 0.01, 1e-12);
    EXPECT_NEAR(detection(100), 0.634, 1e-3);
}

}  // namespace
}  // namespace cupel::referee

// SPDX-License-Identifier: Apache-2.0
#include "stats/decide.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "stats/sample.hpp"

namespace cupel::stats {
namespace {

SignTest after(int wins, int losses) {
    SignTest test;
    for (int i = 0; i < wins; ++i)
        test.add(true);
    for (int i = 0; i < losses; ++i)
        test.add(false);
    return test;
}

TEST(SignTest, EvidenceIsTheBetaMixture) {
    // 2^n B(w + 1, l + 1): 2^8 / 9 for eight wins, 2^10 * 7! 3! / 11! for seven to three.
    EXPECT_DOUBLE_EQ(after(0, 0).evidence(), 1);
    EXPECT_NEAR(after(8, 0).evidence(), 256.0 / 9, 1e-10);
    EXPECT_NEAR(after(7, 3).evidence(), 1024.0 * 5040 * 6 / 39916800, 1e-10);
}

TEST(SignTest, EvidenceDoesNotDependOnTheOrder) {
    SignTest alternating;
    for (int i = 0; i < 20; ++i)
        alternating.add(i % 2 == 0);
    EXPECT_NEAR(alternating.evidence(), after(10, 10).evidence(), 1e-12);
}

TEST(SignTest, EightUnanimousRoundsDecideAndSevenDoNot) {
    EXPECT_FALSE(after(7, 0).rejects());
    EXPECT_TRUE(after(8, 0).wins_more());
    EXPECT_TRUE(after(0, 8).loses_more());
    EXPECT_FALSE(after(8, 0).loses_more());
    EXPECT_FALSE(after(8, 0).rejects(0.01));
}

TEST(SignTest, LongRecordsDoNotOverflowTheDecision) {
    EXPECT_TRUE(std::isinf(after(5000, 0).evidence()));
    EXPECT_TRUE(after(5000, 0).rejects(1e-12));
    EXPECT_FALSE(after(2500, 2500).rejects());
}

// Rounds until the test rejects, or 1001 if it never does within 1000.
int rounds_to_reject(std::mt19937_64& random, double win_probability) {
    std::bernoulli_distribution win(win_probability);
    SignTest test;
    for (int round = 1; round <= 1000; ++round) {
        test.add(win(random));
        if (test.rejects()) return round;
    }
    return 1001;
}

TEST(SignTest, LookedAtAfterEveryRoundItIsWrongAtMostOneTimeInTwenty) {
    std::mt19937_64 random(7);
    int wrong = 0;
    for (int i = 0; i < 4000; ++i)
        wrong += rounds_to_reject(random, 0.5) <= 1000 ? 1 : 0;
    EXPECT_LE(wrong, 200);
    EXPECT_GE(wrong, 40);  // a test that never rejects would be no test
}

TEST(SignTest, DecidesAsFastAsPublished) {
    // Median rounds from the simulation in which the test was chosen: 45 at 70 %, 19 at 80 %, 12 at
    // 90 %.
    std::mt19937_64 random(8);
    const auto median_rounds = [&](double probability) {
        std::vector<double> rounds;
        for (int i = 0; i < 2001; ++i)
            rounds.push_back(rounds_to_reject(random, probability));
        return median(rounds);
    };
    EXPECT_NEAR(median_rounds(0.7), 45, 6);
    EXPECT_NEAR(median_rounds(0.8), 19, 4);
    EXPECT_NEAR(median_rounds(0.9), 12, 2);
}

TEST(SignTestAtAFixedNumber, IsTwoSidedAndExact) {
    EXPECT_NEAR(sign_test(8, 0), 2.0 / 256, 1e-14);
    EXPECT_NEAR(sign_test(0, 8), 2.0 / 256, 1e-14);
    EXPECT_NEAR(sign_test(9, 1), 2 * 11.0 / 1024, 1e-12);
    EXPECT_DOUBLE_EQ(sign_test(5, 5), 1);
    EXPECT_DOUBLE_EQ(sign_test(0, 0), 1);
}

TEST(Holm, AdjustsAsR) {
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
    const std::vector<double> adjusted = holm(p);
    EXPECT_NEAR(adjusted[0], 0.03, 1e-15);
    EXPECT_NEAR(adjusted[1], 0.06, 1e-15);
    EXPECT_NEAR(adjusted[2], 0.06, 1e-15);
    EXPECT_NEAR(adjusted[3], 0.02, 1e-15);
}

TEST(Holm, StaysWithinOneAndTreatsNaNAsNoEvidence) {
    const std::vector<double> adjusted = holm(std::vector<double>{0.9, std::nan(""), 0.001});
    EXPECT_EQ(adjusted[0], 1);
    EXPECT_EQ(adjusted[1], 1);
    EXPECT_NEAR(adjusted[2], 0.003, 1e-15);
    EXPECT_TRUE(holm({}).empty());
}

TEST(Holm, KeepsTheOrderAndNeverHelps) {
    std::mt19937_64 random(9);
    std::uniform_real_distribution<double> draw(0, 1);
    for (int i = 0; i < 300; ++i) {
        std::vector<double> p(1 + random() % 12);
        for (double& x : p)
            x = draw(random) * draw(random);
        const std::vector<double> adjusted = holm(p);
        for (std::size_t a = 0; a < p.size(); ++a) {
            ASSERT_GE(adjusted[a], p[a]);
            ASSERT_LE(adjusted[a], 1);
            for (std::size_t b = 0; b < p.size(); ++b) {
                ASSERT_TRUE(p[a] >= p[b] || adjusted[a] <= adjusted[b]);
            }
        }
    }
}

TEST(AaCompatible, BlocksARulerThatIsWrongTooOften) {
    EXPECT_TRUE(aa_compatible(0, 0));
    EXPECT_TRUE(aa_compatible(10, 200));
    EXPECT_TRUE(aa_compatible(17, 200));   // P(X >= 17) = 0.026
    EXPECT_FALSE(aa_compatible(19, 200));  // P(X >= 19) = 0.0065
    EXPECT_FALSE(aa_compatible(92, 200));
    EXPECT_FALSE(aa_compatible(3, 3));
}

TEST(AaTest, SaysTheExactProbabilityAndDecidesByIt) {
    EXPECT_EQ(aa_test(0, 0).p_value, 1);
    EXPECT_FALSE(aa_test(0, 0).contradicted);
    EXPECT_NEAR(aa_test(3, 3).p_value, 0.05 * 0.05 * 0.05, 1e-12);
    EXPECT_TRUE(aa_test(3, 3).contradicted);
    EXPECT_FALSE(aa_test(2, 2).contradicted);  // 0.0025: the record is looked at often
    EXPECT_NEAR(aa_test(1, 10).p_value, 1 - std::pow(0.95, 10), 1e-12);
    EXPECT_FALSE(aa_test(10, 200).contradicted);
    EXPECT_TRUE(aa_test(30, 200).contradicted);
}

// A sound machine looks at a rolling record for years: what it is falsely kept from claiming.
TEST(AaTest, SeldomBlocksASoundMachineAndSoonAnUnsoundOne) {
    std::mt19937_64 random(3);
    const auto blocked = [&](double rate, int looks) {
        std::bernoulli_distribution differs(rate);
        std::vector<bool> record;
        std::int64_t different = 0;
        for (int i = 0; i < looks; ++i) {
            record.push_back(differs(random));
            different += record.back() ? 1 : 0;
            if (record.size() > 200 && record[record.size() - 201]) --different;
            if (aa_test(different, std::min<std::int64_t>(200, i + 1)).contradicted) return true;
        }
        return false;
    };
    int sound = 0;
    int unsound = 0;
    for (int i = 0; i < 200; ++i) {
        sound += blocked(0.05, 200) ? 1 : 0;
        unsound += blocked(0.3, 60) ? 1 : 0;
    }
    EXPECT_LE(sound, 10);
    EXPECT_GE(unsound, 190);
}

}  // namespace
}  // namespace cupel::stats

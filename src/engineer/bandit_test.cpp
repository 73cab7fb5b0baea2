// SPDX-License-Identifier: Apache-2.0
#include "engineer/bandit.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace cupel::engineer {
namespace {

// What an arm is worth in truth: how often a pull gains, how much, for what.
struct Truth {
    Arm arm;
    double chance;
    double gain;
    double cost;
};
// Scripted proposals of known worth.
struct Script {
    std::string name;
    std::vector<Truth> truths;
};
const std::vector<Script> kScripts = {
    {"the cheap model edits well",
     {{{"write", "dear"}, 0.10, 0.30, 0.100},
      {{"edit", "dear"}, 0.30, 0.10, 0.060},
      {{"cross", "dear"}, 0.15, 0.10, 0.120},
      {{"write", "cheap"}, 0.03, 0.25, 0.004},
      {{"edit", "cheap"}, 0.20, 0.08, 0.003},
      {{"cross", "cheap"}, 0.02, 0.10, 0.005}}},
    {"the dear model is worth it",
     {{{"write", "dear"}, 0.40, 0.40, 0.100},
      {{"edit", "dear"}, 0.30, 0.15, 0.060},
      {{"cross", "dear"}, 0.10, 0.10, 0.120},
      {{"write", "cheap"}, 0.01, 0.10, 0.020},
      {{"edit", "cheap"}, 0.01, 0.05, 0.015},
      {{"cross", "cheap"}, 0.00, 0.10, 0.025}}},
    {"rare and large gains of one operator",
     {{{"write", "dear"}, 0.04, 0.80, 0.050},
      {{"edit", "dear"}, 0.25, 0.01, 0.050},
      {{"cross", "dear"}, 0.20, 0.01, 0.050},
      {{"write", "cheap"}, 0.03, 0.80, 0.010},
      {{"edit", "cheap"}, 0.25, 0.01, 0.010},
      {{"cross", "cheap"}, 0.20, 0.01, 0.010}}},
};

std::vector<Arm> arms_of(const Script& script) {
    std::vector<Arm> arms;
    for (const Truth& truth : script.truths)
        arms.push_back(truth.arm);
    return arms;
}
std::vector<Arm> all_arms() {
    return arms_of(kScripts.front());
}

using Choose =
    std::function<std::size_t(const Bandit&, const std::vector<Arm>& arms, std::mt19937&)>;
std::size_t by_bandit(const Bandit& bandit, const std::vector<Arm>& arms,
                      std::mt19937& /*random*/) {
    return bandit.choose(arms);
}
std::size_t by_chance(const Bandit& /*bandit*/, const std::vector<Arm>& arms,
                      std::mt19937& random) {
    return random() % arms.size();
}
// The arm that gained most on average so far, whatever it costs.
std::size_t by_greed(const Bandit& bandit, const std::vector<Arm>& arms, std::mt19937& /*random*/) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < arms.size(); ++i) {
        if (bandit.expected(arms[i]).pulls == 0) return i;
        if (bandit.expected(arms[i]).gain > bandit.expected(arms[best]).gain) best = i;
    }
    return best;
}

// Until the gains add up to 95 % of what can be gained, by a way of choosing. Gains shrink as the
// ceiling nears.
struct Spent {
    double evaluations = 0;
    double dollars = 0;
};
Spent to_the_top(const Script& script, const Choose& choose, unsigned seed) {
    constexpr double kAll = 1.5;  // of log speedup
    const std::vector<Arm> arms = arms_of(script);
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> chance(0, 1);
    Bandit bandit;
    double gained = 0;
    Spent spent;
    while (spent.evaluations < 5000 && gained < 0.95 * kAll) {
        const Truth& truth = script.truths[choose(bandit, arms, random)];
        const bool hit = chance(random) < truth.chance;
        const double gain = hit ? truth.gain * (1 - gained / kAll) : 0;
        gained += gain;
        spent.evaluations += 1;
        spent.dollars += truth.cost;
        bandit.learn(truth.arm, gain, truth.cost);
    }
    return spent;
}

Spent medians(const Script& script, const Choose& choose) {
    constexpr std::size_t kRuns = 201;
    std::vector<double> evaluations;
    std::vector<double> dollars;
    for (unsigned seed = 1; seed <= kRuns; ++seed) {
        const Spent spent = to_the_top(script, choose, seed);
        evaluations.push_back(spent.evaluations);
        dollars.push_back(spent.dollars);
    }
    std::ranges::sort(evaluations);
    std::ranges::sort(dollars);
    return {.evaluations = evaluations[kRuns / 2], .dollars = dollars[kRuns / 2]};
}

// bench/worth prints what is compared here. Greed wins where the dear arm is the good one from the
// start; a bandit pays a little there for not being lost where it is not.
TEST(Bandit, SpendsFewerDollarsThanGreedAndThanChance) {
    double over_greed = 1;
    double over_chance = 1;
    for (const Script& script : kScripts) {
        const Spent ours = medians(script, by_bandit);
        const Spent greedy = medians(script, by_greed);
        const Spent chance = medians(script, by_chance);
        for (const auto& [way, spent] : {std::pair("bandit", ours), std::pair("greedy", greedy),
                                         std::pair("random", chance)}) {
            fmt::print("| {} | {} | {:.0f} | {:.2f} |\n", script.name, way, spent.evaluations,
                       spent.dollars);
        }
        EXPECT_LT(ours.dollars, 0.8 * chance.dollars) << script.name;
        EXPECT_LT(ours.dollars, 1.6 * greedy.dollars) << script.name;
        over_greed *= ours.dollars / greedy.dollars;
        over_chance *= ours.dollars / chance.dollars;
    }
    EXPECT_LT(std::cbrt(over_greed), 0.6);
    EXPECT_LT(std::cbrt(over_chance), 0.6);
}

TEST(Bandit, TriesEachArmOnceAndThenWhatPays) {
    const std::vector<Arm> arms = {{"a", "m"}, {"b", "m"}, {"c", "m"}};
    Bandit bandit;
    const std::array<double, 3> gains = {0, 0.5, 0};
    std::array<int, 3> pulls{};
    for (int i = 0; i < 200; ++i) {
        const std::size_t arm = bandit.choose(arms);
        if (i < 3) {
            EXPECT_EQ(arm, static_cast<std::size_t>(i));
        }
        ++pulls[arm];
        bandit.learn(arms[arm], gains[arm], 1);
    }
    EXPECT_GT(pulls[1], 120);
    EXPECT_GE(pulls[0], 5);  // still looked at, as things change
}

TEST(Bandit, TurnsAwayFromWhatNoLongerPays) {
    const std::vector<Arm> arms = {{"a", "m"}, {"b", "m"}};
    Bandit bandit;
    for (int i = 0; i < 50; ++i)
        bandit.learn(arms[bandit.choose(arms)], bandit.choose(arms) == 0 ? 0.5 : 0.01, 1);
    int later = 0;
    for (int i = 0; i < 100; ++i) {
        const std::size_t arm = bandit.choose(arms);
        later += arm == 1 ? 1 : 0;
        bandit.learn(arms[arm], arm == 1 ? 0.5 : 0, 1);
    }
    EXPECT_GT(later, 60);
}

TEST(Bandit, PrefersTheCheaperOfTwoThatGainTheSame) {
    const std::vector<Arm> arms = {{"a", "dear"}, {"a", "cheap"}};
    Bandit bandit;
    std::array<int, 2> pulls{};
    for (int i = 0; i < 200; ++i) {
        const std::size_t arm = bandit.choose(arms);
        ++pulls[arm];
        bandit.learn(arms[arm], 0.1, arm == 0 ? 1 : 0.05);
    }
    EXPECT_GT(pulls[1], 3 * pulls[0]);
}

TEST(Bandit, ExpectsLessTheLongerNothingIsGained) {
    const std::vector<Arm> arms = all_arms();
    Bandit bandit;
    double before = bandit.outlook(arms).gain;
    EXPECT_NEAR(before, 0.05, 1e-12);
    for (int i = 0; i < 60; ++i) {
        // Arms that were never pulled are among them to the end.
        bandit.learn(arms[static_cast<std::size_t>(i) % 2], 0, 0.01);
        const Bandit::Expected now = bandit.outlook(arms);
        EXPECT_LT(now.gain, before);
        EXPECT_NEAR(now.cost, 0.01, 1e-12);
        before = now.gain;
    }
    EXPECT_LT(before, 0.001);
    EXPECT_EQ(bandit.pulls(), 60);
    bandit.learn(arms[3], 0.5, 0.01);
    EXPECT_GT(bandit.outlook(arms).gain, 0.1);
}

TEST(Bandit, LooksAtGainForCostNotAtGain) {
    Bandit bandit;
    const std::vector<Arm> arms = {{"write", "dear"}, {"edit", "cheap"}};
    for (int i = 0; i < 20; ++i) {
        bandit.learn(arms[0], 0.2, 1);
        bandit.learn(arms[1], 0.1, 0.1);
    }
    const Bandit::Expected best = bandit.outlook(arms);
    EXPECT_LT(best.cost, 0.3);
    EXPECT_NEAR(best.gain / best.cost, 0.6, 0.3);
}

TEST(Bandit, SurvivesFreeAndUselessArms) {
    const std::vector<Arm> arms = {{"a", "m"}, {"b", "m"}};
    Bandit bandit;
    for (int i = 0; i < 100; ++i) {
        const std::size_t arm = bandit.choose(arms);
        ASSERT_LT(arm, 2U);
        bandit.learn(arms[arm], -1, 0);
    }
    EXPECT_TRUE(std::isfinite(bandit.expected(arms[0]).cost));
}

}  // namespace
}  // namespace cupel::engineer

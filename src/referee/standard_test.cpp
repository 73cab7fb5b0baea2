// SPDX-License-Identifier: Apache-2.0
// What kernels are held to. Each test is the death of a fault that could be planted in the checker:
// a skipped element, a shifted index, a factor too wide, a comparison that NaN passes, an absolute
// tolerance, an average over the wrong thing.
#include "referee/standard.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "referee/check.hpp"

namespace cupel::referee {
namespace {

using task::Type;
using wire::oracle::Truth;

constexpr double kUnit = 0x1p-24;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A truth whose honest orders err by `errors` roundings.
Truth truth(double value, double scale, std::array<double, 3> errors) {
    Truth t{.value = value, .scale = scale, .panel = {}};
    for (std::size_t i = 0; i < errors.size(); ++i)
        t.panel[i] = value + errors[i] * kUnit * scale;
    return t;
}

// The worst honest order errs by up to 3 roundings.
Standard learned(std::string_view precision = "fp32") {
    Standard standard(precision);
    for (int i = 0; i < 100; ++i)
        standard.learn(truth(1, 1, {i % 2 == 0 ? 3.0 : 1.0, 1, 0.5}), Type::F32, Kind::Lawful,
                       true);
    return standard;
}

bool wrong(const Standard& standard, const Truth& t, double value, Kind kind = Kind::Lawful,
           double largest = 0) {
    return standard.judge(t, value, Type::F32, kind, largest).wrong;
}

TEST(Standard, AllowsFourTimesTheLargestHonestErrorAndNoMore) {
    const Standard standard = learned();
    const Truth t = truth(1, 1, {1, 1, 1});
    EXPECT_DOUBLE_EQ(standard.allowed(), 12);
    for (const double sign : {-1.0, 1.0}) {
        EXPECT_FALSE(wrong(standard, t, 1 + sign * 11.9 * kUnit));
        EXPECT_TRUE(wrong(standard, t, 1 + sign * 12.1 * kUnit));
    }
    EXPECT_NEAR(standard.judge(t, 1 + 6 * kUnit, Type::F32, Kind::Lawful).error, 6, 1e-6);
}

// exp(x) beyond the largest float, the logarithm of a sum of such.
TEST(Standard, WhereHonestArithmeticOverflowsNotEverythingIsRight) {
    const Standard standard = learned();
    const Truth exp{.value = 1e40, .scale = 1e40, .panel = {kInfinity, kInfinity, kInfinity}};
    for (const double value : {kInfinity, kNan, 3.4e38, 2.4e38})
        EXPECT_FALSE(wrong(standard, exp, value, Kind::Wide)) << value;
    for (const double value : {0.0, -4200.0, 4200.0, -3.4e38})
        EXPECT_TRUE(wrong(standard, exp, value, Kind::Wide)) << value;
    const Truth lse{.value = 140, .scale = 1, .panel = {kInfinity, kInfinity, kInfinity}};
    for (const double value : {kInfinity, 140.0, 91.0})  // of a bounded exponential
        EXPECT_FALSE(wrong(standard, lse, value, Kind::Wide)) << value;
    for (const double value : {-1234.5, 0.0, 1e9})
        EXPECT_TRUE(wrong(standard, lse, value, Kind::Wide)) << value;
}

// One rounding of every term, this way and that, is sqrt(n) of them; halves that are added up in
// halves lose more.
TEST(Standard, SumsOfShortFactorsAreHeldToTheRootOfTheirTerms) {
    const auto allowed = [](std::string_view precision, bool adds_only, double terms) {
        Standard standard(precision, {.adds_only = adds_only, .terms = terms});
        standard.learn({.value = 1, .scale = 1, .panel = {1 + kUnit, 1, 1}}, Type::F32,
                       Kind::Lawful, true);
        return standard.allowed();
    };
    EXPECT_DOUBLE_EQ(allowed("tf32", true, 1024), 4 * 2 / 32.0);
    EXPECT_DOUBLE_EQ(allowed("bf16", true, 1024), 4 * 2 / 32.0);
    EXPECT_DOUBLE_EQ(allowed("tf32", true, 2), 4);  // no more than one rounding of each
    EXPECT_DOUBLE_EQ(allowed("fp32", true, 1024), 4);
    EXPECT_DOUBLE_EQ(allowed("fp16", false, 1024), 4);
    Standard exact("fp16", {.terms = 1024, .short_factors = true});
    exact.learn({.value = 1, .scale = 1, .panel = {1 + kUnit, 1, 1}}, Type::F32, Kind::Lawful,
                true);
    EXPECT_DOUBLE_EQ(exact.allowed(), 4 / 32.0);
}

// Products of 16-bit factors are exact in fp32: only sums are rounded, or cut off, and the answer.
TEST(Standard, OneSumOfShortFactorsIsHeldToFloatsAndOneStepOfItsType) {
    Standard::Formula formula{
        .adds_only = true, .terms = 1024, .longest = 1024, .short_factors = true, .one_sum = true};
    const auto allowed = [&](Adders adders, double longest, Type type, double panel) {
        formula.adders = adders;
        formula.longest = longest;
        Standard standard("bf16", formula);
        standard.learn({.value = 1.5, .scale = 10, .panel = {panel, panel, panel}}, type,
                       Kind::Lawful, true);
        return standard.allowed();
    };
    // Two roundings, on a processor and on tensor cores, whose room does not grow for ever.
    const double two = 1.5 + 2 * kUnit * 10;
    EXPECT_NEAR(allowed(Adders::Processor, 1024, Type::F32, two), 8, 1e-6);
    EXPECT_NEAR(allowed(Adders::TensorCores, 1024, Type::F32, two), 8 * 32, 1e-4);
    EXPECT_NEAR(allowed(Adders::TensorCores, 1 << 20, Type::F32, two), 8 * 64, 1e-4);
    // Honest orders that were rounded as they were stored say nothing about sums.
    EXPECT_NEAR(allowed(Adders::Processor, 16, Type::BF16, 1.503), 4, 1e-6);
    EXPECT_NEAR(allowed(Adders::Processor, 1 << 14, Type::BF16, 1.503), 4 * 16, 1e-6);
    EXPECT_NEAR(allowed(Adders::TensorCores, 1024, Type::BF16, 1.503), 4 * 8, 1e-6);
    formula.longest = 1024;
    Standard standard("bf16", formula);
    for (int i = 0; i < 100; ++i) {
        standard.learn(truth(1, 1, {1, 0.5, 0.5}), Type::F32, Kind::Lawful, true);
        standard.learn_independent(1, 1);
    }
    EXPECT_NEAR(standard.allowed(), 4 * 32, 1e-6);
    const Truth t = truth(1.5, 10, {1, 1, 1});
    const auto is_wrong = [&](double off, Type type, Kind kind = Kind::Lawful) {
        return standard.judge(t, t.value + off, type, kind).wrong;
    };
    const double sums = 128 * kUnit * 10;
    EXPECT_FALSE(is_wrong(0.99 * sums, Type::F32));
    EXPECT_TRUE(is_wrong(1.01 * sums, Type::F32));
    EXPECT_FALSE(is_wrong(0x1p-7 + 0.99 * sums, Type::BF16));
    EXPECT_TRUE(is_wrong(0x1p-7 + 1.01 * sums, Type::BF16));
    EXPECT_FALSE(is_wrong(-0x1p-10, Type::F16));
    EXPECT_TRUE(is_wrong(-0x1p-10 - 1.01 * sums, Type::F16));
    // Below one step nothing counts, and so in the average.
    Errors errors{.sum_of_squares = 100 * 60.0 * 60, .positions = 100, .independent = 100};
    EXPECT_FALSE(standard.judge_average(errors));
    errors.sum_of_squares = 100 * 150.0 * 150;
    EXPECT_TRUE(standard.judge_average(errors));
    // A half beyond its range is infinite, or cut to the largest one.
    const Truth beyond{.value = 66000, .scale = 1e5, .panel = {kInfinity, kInfinity, kInfinity}};
    EXPECT_FALSE(standard.judge(beyond, 65504, Type::F16, Kind::Lawful).wrong);
    EXPECT_FALSE(standard.judge(beyond, kInfinity, Type::F16, Kind::Lawful).wrong);
    EXPECT_TRUE(standard.judge(beyond, -65504, Type::F16, Kind::Lawful).wrong);
    EXPECT_TRUE(standard.judge(beyond, 65472, Type::F16, Kind::Lawful).wrong);
    // Where values of all sizes meet, a step is a step still.
    standard.learn(t, Type::F32, Kind::Wide, false);
    EXPECT_FALSE(is_wrong(0x1p-7, Type::BF16, Kind::Wide));
    EXPECT_TRUE(is_wrong(0x1p-7 + 17 * sums, Type::BF16, Kind::Wide));
}

TEST(Standard, KnowsNoAbsoluteToleranceThatZerosCouldPass) {
    const Standard standard = learned();
    EXPECT_TRUE(wrong(standard, truth(1e-20, 1e-20, {1, 1, 1}), 0));
    EXPECT_TRUE(wrong(standard, truth(1e-30, 1e-30, {1, 1, 1}), 2e-30));
    EXPECT_TRUE(wrong(standard, truth(0, 0, {0, 0, 0}), 1e-6));
    EXPECT_FALSE(wrong(standard, truth(0, 0, {0, 0, 0}), -0.0));
}

TEST(Standard, NotANumberIsRightOnlyWhereHonestArithmeticHasIt) {
    const Standard standard = learned();
    EXPECT_TRUE(wrong(standard, truth(1, 1, {1, 1, 1}), kNan));
    EXPECT_TRUE(wrong(standard, truth(1, 1, {1, 1, 1}), kInfinity));
    EXPECT_TRUE(wrong(standard, truth(1, 1, {1, 1, 1}), kNan, Kind::Exact));
    EXPECT_TRUE(wrong(standard, truth(1, 0, {0, 0, 0}), kNan, Kind::Exact));
    Truth endless{.value = kInfinity, .scale = 1, .panel = {kInfinity, kInfinity, kInfinity}};
    EXPECT_FALSE(wrong(standard, endless, kInfinity));
    EXPECT_TRUE(wrong(standard, endless, -kInfinity));
    EXPECT_TRUE(wrong(standard, endless, 1e38));
    EXPECT_TRUE(wrong(standard, endless, kNan));
    endless.panel[2] = kNan;
    EXPECT_FALSE(wrong(standard, endless, kNan));
}

TEST(Standard, WhatEveryHonestOrderGivesExactlyAnExactQuestionDemands) {
    const Standard standard = learned();
    const Truth exact = truth(4097, 9000, {0, 0, 0});
    EXPECT_FALSE(wrong(standard, exact, 4097, Kind::Exact));
    EXPECT_TRUE(wrong(standard, exact, 4097 + 0x1p-11, Kind::Exact));
    EXPECT_FALSE(wrong(standard, exact, 4097 + 0x1p-11));
    // A row that is not exact, in a question that is in others.
    const Truth other = truth(4097, 9000, {0, 0, 1});
    EXPECT_FALSE(wrong(standard, other, 4097 + 0x1p-11, Kind::Exact));
    EXPECT_TRUE(wrong(standard, other, 4098, Kind::Exact));
}

TEST(Standard, ExactQuestionsDoNotMakeAveragesStricter) {
    Standard standard = learned();
    for (int i = 0; i < 10'000; ++i)
        standard.learn(truth(8, 8, {0, 0, 0}), Type::F32, Kind::Exact, true);
    const Errors errors{.sum_of_squares = 100 * 3.9 * 3.9, .positions = 100, .independent = 1000};
    EXPECT_FALSE(standard.judge_average(errors));
}

TEST(Standard, AllowsTwiceTheAverageErrorOfTheWorstHonestOrder) {
    Standard standard("fp32");
    for (int i = 0; i < 100; ++i)
        standard.learn(truth(1, 1, {2, 1, 0.5}), Type::F32, Kind::Lawful, true);
    standard.learn_independent(1000, 1000);
    const auto average = [&](double error, std::int64_t count, double independent = 1000) {
        return standard
            .judge_average({.sum_of_squares = error * error * static_cast<double>(count),
                            .positions = count,
                            .independent = independent})
            .has_value();
    };
    EXPECT_FALSE(average(3.9, 100));
    EXPECT_TRUE(average(4.1, 100));
    EXPECT_TRUE(average(kNan, 100)) << "a comparison that is false of NaN must not acquit";
    EXPECT_FALSE(average(100, 500, 1)) << "one row of one sum is no average";
    EXPECT_FALSE(average(5, 500, 30)) << "thirty sums say little about a factor of two";
    EXPECT_TRUE(average(15, 500, 30)) << "they do about one of seven";
}

TEST(Standard, OneSumThatManyPositionsShareWeighsAsManyTimesMore) {
    EXPECT_DOUBLE_EQ(independent_together(0, 0, 64, 1), 1);
    EXPECT_DOUBLE_EQ(independent_together(100, 100, 50, 50), 150);
    // A hundred questions of four elements each, then one of 400.
    EXPECT_NEAR(independent_together(400, 100, 400, 1), 3.96, 0.01);
}

TEST(Standard, WhereEveryAnswerIsExactThereIsNoAverage) {
    Standard standard("fp32");
    for (int i = 0; i < 100; ++i)
        standard.learn(truth(1, 0, {1, 1, 1}), Type::F32, Kind::Lawful, true);
    standard.learn_independent(100, 100);
    EXPECT_FALSE(
        standard.judge_average({.sum_of_squares = 0, .positions = 100, .independent = 100}));
}

TEST(Standard, WhereFewRowsAreHardChanceIsGivenMore) {
    Standard standard("fp32");
    for (int i = 0; i < 1000; ++i) {
        const double error = i % 50 == 0 ? 10 : 0.5;
        standard.learn(truth(1, 1, {error, 0.5, 0.5}), Type::F32, Kind::Lawful, true);
    }
    standard.learn_independent(1000, 1000);
    const auto thrice = [&](std::int64_t count) {
        return Errors{.sum_of_squares = 9 * 2.245 * static_cast<double>(count),
                      .positions = count,
                      .independent = static_cast<double>(count)};
    };
    EXPECT_FALSE(standard.judge_average(thrice(200))) << "sixteen hard rows more than usual";
    EXPECT_TRUE(standard.judge_average(thrice(100'000)));
}

TEST(Standard, WhatWasChosenForLookingBadIsNoPartOfTheAverage) {
    Standard standard("fp32");
    for (int i = 0; i < 100; ++i)
        standard.learn(truth(1, 1, {1, 1, 1}), Type::F32, Kind::Lawful, true);
    for (int i = 0; i < 100; ++i)
        standard.learn(truth(1, 1, {50, 50, 50}), Type::F32, Kind::Lawful, false);
    standard.learn_independent(1000, 1000);
    const Errors errors{.sum_of_squares = 100 * 9.0, .positions = 100, .independent = 1000};
    EXPECT_TRUE(standard.judge_average(errors));
}

TEST(Standard, IntegersAreRightOrWrong) {
    const Standard standard = learned();
    const Truth t = truth(7, 0, {0, 0, 0});
    EXPECT_FALSE(standard.judge(t, 7, Type::I64, Kind::Lawful).wrong);
    EXPECT_TRUE(standard.judge(t, 8, Type::I64, Kind::Lawful).wrong);
    EXPECT_TRUE(standard.judge(t, 8, Type::I64, Kind::Wide).wrong);
}

TEST(Standard, WideQuestionsAskForRangeAndStillForTheAnswer) {
    Standard standard = learned();
    const Truth t = truth(3, 64, {1, 1, 1});
    standard.learn(t, Type::F32, Kind::Wide, true);
    EXPECT_FALSE(wrong(standard, t, 3 + 100 * 64 * kUnit, Kind::Wide));
    EXPECT_TRUE(wrong(standard, t, 3 + 300 * 64 * kUnit, Kind::Wide));
    EXPECT_TRUE(wrong(standard, t, kNan, Kind::Wide));
    EXPECT_TRUE(wrong(standard, t, kInfinity, Kind::Wide));
    EXPECT_TRUE(wrong(standard, t, 0, Kind::Wide));
}

TEST(Standard, WhatIsSmallMustNotBeLeftOutWhereSumsNeverCancel) {
    const Truth small = truth(1e-9, 20e-9, {1, 1, 1});
    const Truth large = truth(1, 1, {1, 1, 1});
    const auto left_out = [&](Standard standard) {
        standard.learn(large, Type::F32, Kind::Lawful, true);
        standard.learn(large, Type::F32, Kind::Wide, true);
        EXPECT_FALSE(wrong(standard, small, 1.0001e-9, Kind::Wide, large.scale));
        return wrong(standard, small, 0, Kind::Wide, large.scale);
    };
    EXPECT_FALSE(left_out(Standard("fp32", {.adds_only = false})));
    EXPECT_TRUE(left_out(Standard("fp32", {.adds_only = false, .never_cancels = true})));
}

// Of one exp(85) among them, beside elements that are large, usual and next to nothing.
TEST(Standard, OneHugeAnswerForgivesNothingInTheOthersOfItsQuestion) {
    const auto learned_of = [](bool adds_only) {
        Standard standard("fp32", {.adds_only = adds_only});
        standard.learn(truth(10, 100, {1, 1, 1}), Type::F32, Kind::Lawful, true);
        standard.learn(truth(1e36, 1e37, {1, 1, 1}), Type::F32, Kind::Wide, true);
        return standard;
    };
    const Truth large = truth(1e6, 1e7, {1, 1, 1});
    const Truth usual = truth(50, 100, {1, 1, 1});
    const Truth small = truth(-1e-20, 1e-19, {1, 1, 1});
    const Standard more = learned_of(false);
    const auto is_wrong = [&](const Truth& t, double value) {
        return wrong(more, t, value, Kind::Wide, 1e37);
    };
    EXPECT_TRUE(is_wrong(large, 1e6 - 500));
    EXPECT_FALSE(is_wrong(large, 1e6 - 200));
    EXPECT_TRUE(is_wrong(usual, 49.99));
    EXPECT_FALSE(is_wrong(usual, 49.999));
    EXPECT_FALSE(is_wrong(small, 0)) << "as other formulas have it";
    EXPECT_FALSE(wrong(learned_of(true), large, 0.5e6, Kind::Wide)) << "as Strassen's may";
}

// Another one with scores of thousands came before it.
TEST(Standard, AWideQuestionIsHeldToItsOwnLargestElement) {
    Standard standard("fp32", {.adds_only = false});
    standard.learn(truth(1, 10, {1, 1, 1}), Type::F32, Kind::Lawful, true);
    const Truth t = truth(0.3, 10, {0, 0, 0});
    const auto is_wrong = [&](double value) { return wrong(standard, t, value, Kind::Wide, 20); };
    standard.learn(t, Type::F32, Kind::Wide, true);
    standard.learn(truth(3, 1e6, {0, 0, 0}), Type::F32, Kind::Wide, true);
    EXPECT_FALSE(is_wrong(0.3 + 15 * 20 * kUnit));
    EXPECT_TRUE(is_wrong(0.3 + 17 * 20 * kUnit));
}

TEST(Standard, AWideQuestionMayComeBeforeAnyLawfulOne) {
    Standard standard("fp32");
    const Truth exact = truth(8, 8, {0, 0, 0});
    standard.learn(exact, Type::F32, Kind::Exact, true);
    const Truth t = truth(3, 64, {1, 1, 1});
    standard.learn(t, Type::F32, Kind::Wide, true);
    EXPECT_FALSE(wrong(standard, t, 3 - 20 * 64 * kUnit, Kind::Wide));
    EXPECT_TRUE(wrong(standard, t, 3.001, Kind::Wide));
}

TEST(Standard, LuckOfHonestOrdersIsNoLawWhereTheFormulaDoesMoreThanAdd) {
    Standard adds("fp32", {.adds_only = true});
    Standard more("fp32", {.adds_only = false});
    const Truth t = truth(1, 1, {0, 0, 0});
    adds.learn(t, Type::F32, Kind::Lawful, true);
    more.learn(t, Type::F32, Kind::Lawful, true);
    EXPECT_TRUE(wrong(adds, t, 1 - kUnit));
    EXPECT_FALSE(wrong(more, t, 1 - kUnit));
    EXPECT_TRUE(wrong(more, t, 1 - 5 * kUnit));
}

TEST(Standard, EachPrecisionIsHeldToItsOwnUnit) {
    EXPECT_EQ(unit_of("fp32"), 0x1p-24);
    EXPECT_EQ(unit_of("fp64"), 0x1p-53);
    EXPECT_EQ(unit_of("tf32"), 0x1p-11);
    EXPECT_EQ(unit_of("fp16"), 0x1p-11);
    EXPECT_EQ(unit_of("bf16"), 0x1p-8);
    const Truth t = truth(1, 1, {0, 0, 1});
    Standard tf32("tf32");
    tf32.learn(t, Type::F32, Kind::Lawful, true);
    EXPECT_FALSE(wrong(tf32, t, 1 + 0x1p-11));
    EXPECT_TRUE(wrong(learned(), t, 1 + 0x1p-11));
}

// A matrix of 3 x 5 whose element i is i + 1.
class FirstWrong : public testing::Test {
protected:
    FirstWrong() {
        auto parsed = task::parse(
            "task t(x: f32[M,N]) -> y: f32[M,N] where M = 3, N = 5\n  y[m,n] = x[m,n] * 3\n", "t");
        task_ = *std::move(parsed);
        for (int i = 0; i < 15; ++i) {
            answer_.push_back(static_cast<float>(i + 1));
            const Truth t = truth(i + 1, i + 1, {1, 0.5, 0.25});
            standard_.learn(t, Type::F32, Kind::Lawful, true);
            probe_.positions.push_back(
                {.output = 0, .reserved = 0, .element = static_cast<std::uint64_t>(i)});
            probe_.truths.push_back(t);
        }
    }
    std::optional<std::string> judge() {
        errors_ = {};
        return first_wrong(task_, {&standard_, 1}, probe_, {std::as_bytes(std::span(answer_))},
                           errors_);
    }

    task::Task task_;
    Standard standard_{"fp32"};
    Probe probe_;
    std::vector<float> answer_;
    AnswerErrors errors_;
};

TEST_F(FirstWrong, ARightAnswerHoldsAndIsCountedWhole) {
    EXPECT_EQ(judge(), std::nullopt);
    EXPECT_EQ(errors_.outputs[0].positions, 15);
    EXPECT_EQ(errors_.worst, 0);
}

TEST_F(FirstWrong, NoElementIsSkippedAndNoneIsTakenForItsNeighbour) {
    for (std::size_t i = 0; i < answer_.size(); ++i) {
        const float right = answer_[i];
        answer_[i] = right * 1.00001F;
        const auto words = judge();
        ASSERT_TRUE(words) << i;
        EXPECT_TRUE(words->starts_with("y[" + std::to_string(i / 5) + ", " + std::to_string(i % 5) +
                                       "] is "))
            << *words;
        answer_[i] = right;
    }
}

TEST_F(FirstWrong, ErrorsAreGivenInUnitsOfTheTolerance) {
    answer_[7] = std::nextafter(answer_[7], 100.0F);  // 8 + 2^-20: two roundings of four
    EXPECT_EQ(judge(), std::nullopt);
    EXPECT_NEAR(errors_.worst, 0.5, 1e-6);
    EXPECT_NEAR(errors_.outputs[0].sum_of_squares, 4, 1e-6);
}

TEST_F(FirstWrong, AnExactQuestionSaysThatNothingIsForgiven) {
    probe_.kind = Kind::Exact;
    probe_.random = false;
    for (Truth& t : probe_.truths)
        t.panel[0] = t.panel[1] = t.panel[2] = t.value;
    EXPECT_EQ(judge(), std::nullopt);
    answer_[14] = std::nextafter(answer_[14], 100.0F);
    const auto words = judge();
    ASSERT_TRUE(words);
    EXPECT_NE(words->find("y[2, 4]"), std::string::npos) << *words;
    EXPECT_NE(words->find("exactly"), std::string::npos) << *words;
}

// One exponential and one long sum, whose honest orders err fifty times as much.
class TwoOutputs : public testing::Test {
protected:
    static constexpr int kElements = 100;
    TwoOutputs() {
        auto parsed = task::parse(
            "task t(x: f32[M,N]) -> y: f32[M,N], z: f32[M] where M = 100, N = 1\n"
            "  y[m,n] = exp(x[m,n])\n  z[m] = sum[n](x[m,n])\n",
            "t");
        task_ = *std::move(parsed);
        probe_.independent = {kElements, kElements};
        for (std::uint32_t output = 0; output < 2; ++output) {
            const double error = output == 0 ? 1 : 50;
            for (std::uint64_t i = 0; i < kElements; ++i) {
                const Truth t = truth(1, 1, {error, error, error});
                standards_[output].learn(t, Type::F32, Kind::Lawful, true);
                probe_.positions.push_back({.output = output, .reserved = 0, .element = i});
                probe_.truths.push_back(t);
            }
            standards_[output].learn_independent(kElements, kElements);
        }
    }
    // Of answers that are off by so many roundings everywhere.
    std::optional<std::string> judge(double y, double z) {
        const std::vector<float> of_y(kElements, static_cast<float>(1 + y * kUnit));
        const std::vector<float> of_z(kElements, static_cast<float>(1 + z * kUnit));
        errors_ = {};
        return first_wrong(task_, standards_, probe_,
                           {std::as_bytes(std::span(of_y)), std::as_bytes(std::span(of_z))},
                           errors_);
    }

    task::Task task_;
    std::array<Standard, 2> standards_{Standard("fp32"), Standard("fp32")};
    Probe probe_;
    AnswerErrors errors_;
};

TEST_F(TwoOutputs, WhatIsHonestInOneForgivesNothingInTheOther) {
    EXPECT_EQ(judge(2, 50), std::nullopt);
    EXPECT_EQ(errors_.outputs[0].positions, kElements);
    EXPECT_EQ(errors_.outputs[1].independent, kElements);
    EXPECT_NEAR(errors_.worst, 0.5, 1e-6) << "the larger of 2 / 4 and 50 / 200";
    const auto words = judge(6, 0);
    ASSERT_TRUE(words);
    EXPECT_TRUE(words->starts_with("y[0, 0] is ")) << *words;
}

TEST_F(TwoOutputs, EachHasItsOwnAverage) {
    const auto words = judge(4, 0);
    ASSERT_TRUE(words) << "the average of both is below twice that of the honest";
    EXPECT_TRUE(words->starts_with("y: root mean square error of 4 ")) << *words;
    EXPECT_EQ(judge(0, 100), std::nullopt);
}

}  // namespace
}  // namespace cupel::referee

// SPDX-License-Identifier: Apache-2.0
#include "engineer/intake.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace cupel::engineer {
namespace {

Trial right_at(archive::KernelId id, double score) {
    Trial trial;
    trial.kernel = id;
    trial.verdict.status = verdict::Status::NotResolved;
    trial.score = score;
    return trial;
}

TEST(Intake, TriesTheAuthorsGuessFirstAndThenWalksUphill) {
    Intake intake("model");
    const std::uint64_t ticket =
        intake.offer("int t = CUPEL_TUNE(t, 8, 1, 2, 4, 16, 32, 64);", {7}, "write").value();
    int tries = 0;
    double best = -1;
    std::string best_text;
    // 32 is the best of them.
    for (auto draft = intake.next(); draft; draft = intake.next()) {
        if (tries == 0) {
            EXPECT_EQ(draft->kernel.source, "int t = 8;");
            EXPECT_EQ(draft->phase, "write");
            EXPECT_EQ(draft->parents, std::vector<archive::KernelId>{7});
        } else {
            EXPECT_EQ(draft->phase, "sweep");
            EXPECT_EQ(draft->parents, std::vector<archive::KernelId>{100});
        }
        int value = 0;
        std::from_chars(draft->kernel.source.data() + 8,
                        draft->kernel.source.data() + draft->kernel.source.size(), value);
        const double score = 1 - 0.1 * std::abs(std::log2(value) - 5);
        if (score > best) {
            best = score;
            best_text = draft->kernel.source;
        }
        EXPECT_EQ(intake.tried(*draft, right_at(100 + tries, score), best), ticket);
        ++tries;
    }
    EXPECT_EQ(best_text, "int t = 32;");
    EXPECT_LE(tries, 7);
}

TEST(Intake, SweepsNothingThatIsWrongOrFarBehind) {
    for (const bool wrong : {true, false}) {
        Intake intake("model");
        ASSERT_TRUE(intake.offer("CUPEL_TUNE(t, 1, 2)", {}, "write").has_value());
        const Draft draft = intake.next().value();
        Trial trial = right_at(1, 0.1);
        if (wrong) trial.verdict.status = verdict::Status::Wrong;
        intake.tried(draft, trial, wrong ? 0.1 : 2.0);
        EXPECT_TRUE(intake.empty());
    }
    Intake intake("model");
    ASSERT_TRUE(intake.offer("CUPEL_TUNE(t, 1, 2)", {}, "write").has_value());
    intake.tried(intake.next().value(), right_at(1, std::numeric_limits<double>::quiet_NaN()), 0);
    EXPECT_TRUE(intake.empty());
}

TEST(Intake, TriesNoMoreThanSixteenSettingsOfOneText) {
    Intake intake("model");
    std::string text;
    for (const char name : {'a', 'b', 'c', 'd', 'e', 'f'})
        text += std::string("CUPEL_TUNE(") + name + ", 1, 2, 3, 4, 5, 6, 7)";
    ASSERT_TRUE(intake.offer(text, {}, "write").has_value());
    int tries = 0;
    for (auto draft = intake.next(); draft; draft = intake.next()) {
        ++tries;
        intake.tried(*draft, right_at(tries, tries), tries);
    }
    EXPECT_EQ(tries, 16);
}

TEST(Intake, RefusesWhatCannotBeAKernel) {
    Intake intake("model");
    EXPECT_FALSE(intake.offer(std::string(300'000, 'x'), {}, "write").has_value());
    EXPECT_FALSE(intake.offer(std::string("a\0b", 3), {}, "write").has_value());
    EXPECT_FALSE(intake.offer("CUPEL_TUNE(a, b)", {}, "write").has_value());
    EXPECT_TRUE(intake.empty());
}

}  // namespace
}  // namespace cupel::engineer

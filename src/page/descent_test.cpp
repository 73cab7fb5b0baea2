// SPDX-License-Identifier: Apache-2.0
#include "page/descent.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "page/chart.hpp"
#include "page/testing.hpp"

namespace cupel::page {
namespace {

using testing::search_of;

std::size_t folded_in(const Descent& descent) {
    std::size_t all = 0;
    for (const Row& row : descent.rows)
        all += std::accumulate(row.folded.begin(), row.folded.end(), std::size_t{0});
    return all;
}

// Nothing lies between a row and the one it descends from, in the column of either's edge, but what
// descends from the same one.
void expect_no_crossing(const Descent& descent) {
    for (std::size_t at = 1; at < descent.rows.size(); ++at) {
        const Row& row = descent.rows[at];
        ASSERT_LT(row.above, at);
        const Row& above = descent.rows[row.above];
        EXPECT_TRUE(row.column == above.column || row.column == above.column + 1);
        for (std::size_t between = row.above + 1; between < at; ++between)
            EXPECT_GT(descent.rows[between].column, above.column);
    }
}

TEST(Descent, DrawsEveryKernelOfASmallRunOnce) {
    for (const std::size_t kernels : {1U, 2U, 40U}) {
        const Descent descent = descend(search_of(kernels), 80);
        EXPECT_EQ(descent.drawn, kernels);
        EXPECT_EQ(descent.folded, 0U);
        EXPECT_EQ(descent.rows.size(), kernels + 1);
        expect_no_crossing(descent);
    }
}

TEST(Descent, FoldsTheRestOfALargeRunAndCountsIt) {
    for (const std::size_t kernels : {1'000U, 20'000U}) {
        const Descent descent = descend(search_of(kernels), 80);
        EXPECT_EQ(descent.drawn, 80U);
        EXPECT_EQ(descent.drawn + descent.folded, kernels);
        EXPECT_EQ(folded_in(descent), descent.folded);
        EXPECT_EQ(descent.rows.size(), 81U);
        expect_no_crossing(descent);
    }
}

TEST(Descent, IsNarrowWhateverTheShape) {
    Account run = search_of(4'000);
    for (const std::size_t divisor : {1U, 2U, 3U, 1'000'000U}) {
        for (std::size_t at = 1; at < run.kernels.size(); ++at)
            run.kernels[at].parents = {divisor == 1 ? at - 1 : at / divisor};
        for (const std::size_t most : {1U, 80U, 4'000U}) {
            const Descent descent = descend(run, most);
            EXPECT_LE(descent.columns, 2 + std::log2(most)) << divisor;
            expect_no_crossing(descent);
        }
    }
}

TEST(Descent, KeepsTheLineToTheWinnerAndSaysHowManyGenerationsItLeavesOut) {
    Account run = search_of(1'000);
    for (std::size_t at = 1; at < run.kernels.size(); ++at)
        run.kernels[at].parents = {at - 1};
    run.winner = 998;
    const Descent descent = descend(run, 10);
    std::size_t generations = 0;
    bool winner = false;
    for (const Row& row : descent.rows) {
        if (row.kind != Row::Kind::Kernel) continue;
        EXPECT_TRUE(row.on_line);
        EXPECT_EQ(row.column, 0U);
        generations += 1 + row.skipped;
        winner = winner || row.kernel == 998;
    }
    EXPECT_TRUE(winner);
    EXPECT_EQ(generations, 999U);  // the winner's own included; its child leads nowhere
}

TEST(Descent, MakesNothingOfRingsInAnArchive) {
    Account run = search_of(5);
    run.kernels[0].parents = {4};
    run.kernels[2].parents = {2};
    run.kernels[4].parents = {0};
    run.winner = 4;
    EXPECT_EQ(line_of(run), (std::vector<std::size_t>{4, 0}));
    EXPECT_EQ(descend(run, 80).drawn, 5U);
}

TEST(ByWeight, PutsTheWinnerFirstAndItsAncestorsBeforeOthers) {
    Account run = search_of(30);
    run.winner = 20;
    run.kernels[20].parents = {10};
    run.kernels[10].parents = {};
    for (Kernel& kernel : run.kernels)
        kernel.promoted = false;
    run.kernels[7].judged = "3x";
    run.kernels[11].promoted = true;
    const std::vector<std::size_t> order = by_weight(run);
    EXPECT_EQ(std::vector<std::size_t>(order.begin(), order.begin() + 4),
              (std::vector<std::size_t>{20, 7, 10, 11}));
    EXPECT_EQ(run.kernels[order.back()].fate, Fate::Wrong);
}

TEST(Scale, PlacesFiguresOnALogarithmicAxisAndNothingBesideIt) {
    const Scale scale{1, 100};
    EXPECT_DOUBLE_EQ(scale.place(10), 0.5);
    EXPECT_DOUBLE_EQ(scale.place(1e9), 1);
    for (const double low : {0.0, -1.0, std::nan("")})
        EXPECT_DOUBLE_EQ(scale.place(low), 0);
}

TEST(Scale, HasAFewRoundTicksHoweverWideItIs) {
    for (const Scale& scale : {Scale{0.95, 1.3}, Scale{0.5, 6}, Scale{0.01, 200}, Scale{2e-6, 9e-5},
                               Scale{1e-300, 1e300}}) {
        const std::vector<double> ticks = ticks_of(scale);
        EXPECT_GE(ticks.size(), 1U) << scale.low;
        EXPECT_LE(ticks.size(), 9U) << scale.low;
        for (const double tick : ticks)
            EXPECT_TRUE(tick >= scale.low && tick <= scale.high);
    }
}

}  // namespace
}  // namespace cupel::page

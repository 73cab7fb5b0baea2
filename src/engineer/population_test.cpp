// SPDX-License-Identifier: Apache-2.0
#include "engineer/population.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cupel::engineer {
namespace {

verdict::Verdict right_with(double ratio) {
    verdict::Verdict verdict;
    verdict.status = verdict::Status::Faster;
    verdict.speedup = verdict::Speedup{{ratio, ratio, ratio, 0.95}, "naive"};
    return verdict;
}

void place(Standings& standings, archive::KernelId id, std::string source, double ratio) {
    Standing standing;
    standing.id = id;
    standing.kernel.source = std::move(source);
    standings.add(std::move(standing), right_with(ratio), std::nullopt);
}

TEST(Population, ReadsHowAKernelWorksFromItsCodeAlone) {
    EXPECT_EQ(axes_of("void kernel() { for (;;) { } }"), "single scalar direct flat");
    EXPECT_EQ(
        axes_of("#pragma omp parallel for\nfor (;;) { for (;;) { a = _mm256_add_ps(b, c); } }"),
        "parallel intrinsics direct nested");
    EXPECT_EQ(axes_of("// _mm256 omp parallel\nvoid f() {}"), "single scalar direct flat");
    EXPECT_EQ(axes_of("__shared__ float a[4]; threadIdx.x;"), "device scalar shared flat");
    EXPECT_EQ(axes_of("for (;;) for (;;) for (;;) for (;;) x();"), "single scalar direct tiled");
}

TEST(Population, KeepsDescendantsOnTheIslandOfTheirAncestor) {
    Population population(1);
    population.add(4, {});
    population.add(9, {4});
    population.add(11, {9, 2});
    EXPECT_EQ(population.island(11), population.island(4));
    EXPECT_NE(population.island(5), population.island(4));
}

TEST(Population, ChoosesParentsOfDifferentKinds) {
    Standings standings;
    Population population(1);
    const std::string scalar = "for (;;) { }";
    const std::string vector = "_mm256_add_ps(a, b);";
    for (int i = 0; i < 12; ++i) {
        const archive::KernelId id = 3 * (i + 1);  // all on one island
        place(standings, id, (i % 2 == 0 ? scalar : vector) + std::to_string(i), 1 + i);
        population.add(id, {});
    }
    for (std::uint64_t turn = 0; turn < 12; ++turn) {
        const auto parents = population.parents(standings, turn, 2);
        ASSERT_EQ(parents.size(), 2U);
        EXPECT_NE(axes_of(parents[0]->kernel.source), axes_of(parents[1]->kernel.source));
        const auto again = population.parents(standings, turn, 2);
        EXPECT_EQ(parents, again);
    }
}

TEST(Population, GivesEachIslandItsTurn) {
    Standings standings;
    Population population(1);
    for (archive::KernelId id = 1; id <= 6; ++id) {
        place(standings, id, "int k" + std::to_string(id) + ";", static_cast<double>(id));
        population.add(id, {});
    }
    std::set<archive::KernelId> seen;
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
        const auto parents = population.parents(standings, turn, 1);
        ASSERT_EQ(parents.size(), 1U);
        EXPECT_EQ(population.island(parents[0]->id), turn);
        seen.insert(parents[0]->id);
    }
    EXPECT_EQ(seen, (std::set<archive::KernelId>{4, 5, 6}));  // the best of each
}

TEST(Population, GivesWhatThereIs) {
    Standings standings;
    const Population population(1);
    EXPECT_TRUE(population.parents(standings, 0, 2).empty());
    place(standings, 1, "int a;", 2);
    EXPECT_EQ(population.parents(standings, 0, 2).size(), 1U);
}

}  // namespace
}  // namespace cupel::engineer

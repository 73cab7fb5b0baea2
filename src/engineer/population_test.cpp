// SPDX-License-Identifier: Apache-2.0
#include "engineer/population.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace cupel::engineer {
namespace {

verdict::Verdict right_with(double ratio) {
    verdict::Verdict verdict;
    verdict.status = verdict::Status::Faster;
    verdict.speedup = verdict::Speedup{{ratio, ratio, ratio, 0.95}, "naive"};
    return verdict;
}

// Texts lie elsewhere than places.
struct Placed {
    Standings standings;
    std::map<archive::KernelId, std::string> texts;
    Population population{
        1, [this](archive::KernelId id) { return Result<std::string>(texts.at(id)); }};

    void place(archive::KernelId id, std::string source, double ratio) {
        Standing standing;
        standing.id = id;
        texts[id] = std::move(source);
        standings.add(std::move(standing), right_with(ratio), std::nullopt);
        population.add(id, {});
    }
    std::vector<const Standing*> parents(std::uint64_t turn, std::size_t count) {
        return population.parents(standings, turn, count).value();
    }
};

TEST(Population, ReadsHowAKernelWorksFromItsCodeAlone) {
    EXPECT_EQ(axes_of("void kernel() { for (;;) { } }"), "single scalar direct flat fp32");
    EXPECT_EQ(
        axes_of("#pragma omp parallel for\nfor (;;) { for (;;) { a = _mm256_add_ps(b, c); } }"),
        "parallel intrinsics direct nested fp32");
    EXPECT_EQ(axes_of("// _mm256 omp parallel\nvoid f() {}"), "single scalar direct flat fp32");
    EXPECT_EQ(axes_of("__shared__ float a[4]; threadIdx.x;"),
              "device scalar shared flat fp32 once");
    EXPECT_EQ(axes_of("float4 v; __shfl_xor_sync(m, v.x, 1); threadIdx.x;"),
              "device vectors shuffled flat fp32 once");
    EXPECT_EQ(axes_of("for (;;) for (;;) for (;;) for (;;) x();"),
              "single scalar direct tiled fp32");
}

TEST(Population, TellsKernelsApartByPrecisionAndLaunches) {
    const std::string one = "#pragma cupel launch a<<<1, 32>>>(x, y)\n";
    const std::string device = "__global__ void a(const float* x, float* y) {}\n";
    EXPECT_EQ(axes_of(one + device), "device scalar direct flat fp32 once");
    EXPECT_EQ(axes_of(one + one + device), "device scalar direct flat fp32 twice");
    EXPECT_EQ(axes_of(one + one + one + device), "device scalar direct flat fp32 often");
    EXPECT_EQ(axes_of(one + device + "auto g = cg::this_grid();"),
              "device scalar direct flat fp32 cooperative");
    EXPECT_EQ(axes_of(one + device + "__half2 h;"), "device scalar direct flat half once");
    EXPECT_EQ(axes_of(one + device + "asm(\"cp.async.cg.shared.global [%0], 16;\");"),
              "device scalar pipelined flat fp32 once");
    EXPECT_EQ(axes_of(one + device + "asm(\"mma.sync.aligned.m16n8k8 {%0};\");"),
              "device intrinsics direct flat tensor once");
    EXPECT_EQ(axes_of("double a;"), "single scalar direct flat fp64");
}

TEST(Population, ReadsWordsAndNotPiecesOfThem) {
    EXPECT_EQ(axes_of("int upstream, comma_sync, cps_asynchronous, my_mm256, halfway, doubled;"),
              "single scalar direct flat fp32");
    EXPECT_EQ(axes_of("_mm256_stream_ps(p, v);"), "single intrinsics streamed flat fp32");
}

TEST(Population, KeepsDescendantsOnTheIslandOfTheirAncestor) {
    Population population = Placed().population;
    population.add(4, {});
    population.add(9, {4});
    population.add(11, {9, 2});
    EXPECT_EQ(population.island(11), population.island(4));
    EXPECT_NE(population.island(5), population.island(4));
}

TEST(Population, ChoosesParentsOfDifferentKinds) {
    Placed placed;
    const std::string scalar = "for (;;) { }";
    const std::string vector = "_mm256_add_ps(a, b);";
    for (int i = 0; i < 12; ++i) {
        const archive::KernelId id = 3 * (i + 1);  // all on one island
        placed.place(id, (i % 2 == 0 ? scalar : vector) + std::to_string(i), 1 + i);
    }
    for (std::uint64_t turn = 0; turn < 12; ++turn) {
        const auto parents = placed.parents(turn, 2);
        ASSERT_EQ(parents.size(), 2U);
        EXPECT_NE(axes_of(placed.texts.at(parents[0]->id)),
                  axes_of(placed.texts.at(parents[1]->id)));
        const auto again = placed.parents(turn, 2);
        EXPECT_EQ(parents, again);
    }
}

TEST(Population, GivesEachIslandItsTurn) {
    Placed placed;
    for (archive::KernelId id = 1; id <= 6; ++id) {
        placed.place(id, "int k" + std::to_string(id) + ";", static_cast<double>(id));
    }
    std::set<archive::KernelId> seen;
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
        const auto parents = placed.parents(turn, 1);
        ASSERT_EQ(parents.size(), 1U);
        EXPECT_EQ(placed.population.island(parents[0]->id), turn);
        seen.insert(parents[0]->id);
    }
    EXPECT_EQ(seen, (std::set<archive::KernelId>{4, 5, 6}));  // the best of each
}

TEST(Population, GivesWhatThereIs) {
    Placed placed;
    EXPECT_TRUE(placed.parents(0, 2).empty());
    placed.place(1, "int a;", 2);
    EXPECT_EQ(placed.parents(0, 2).size(), 1U);
}

}  // namespace
}  // namespace cupel::engineer

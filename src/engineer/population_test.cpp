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
    std::map<archive::KernelId, Population::Kept> kept;
    Population population{
        1, [this](archive::KernelId id) { return Result<Population::Kept>(kept.at(id)); }};

    void place(archive::KernelId id, std::string axes, double ratio,
               std::vector<archive::KernelId> parents = {}) {
        Standing standing;
        standing.id = id;
        kept[id] = {.parents = std::move(parents), .axes = std::move(axes)};
        standings.add(std::move(standing), right_with(ratio), std::nullopt);
    }
    std::uint64_t island(archive::KernelId id) { return population.island(id).value(); }
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

TEST(Population, KeepsDescendantsWithTheirAncestorButForOneInEight) {
    Placed placed;
    placed.place(4, "", 1);
    placed.place(5, "", 1);
    EXPECT_NE(placed.island(5), placed.island(4));
    const archive::KernelId first = 10;
    const int children = 800;
    int settled = 0;
    for (int i = 0; i < children; ++i) {
        const archive::KernelId id = first + i;
        placed.place(id, "", 1, {4, 5});
        const std::uint64_t next = (placed.island(4) + 1) % Population::kIslands;
        if (placed.island(id) == next) ++settled;
        if (placed.island(id) != next) {
            EXPECT_EQ(placed.island(id), placed.island(4));
        }
    }
    EXPECT_GT(settled, children / 16);
    EXPECT_LT(settled, children / 4);
}

TEST(Population, SettlesALineAlikeWhoeverIsAskedForFirst) {
    Placed one;
    Placed other;
    constexpr archive::KernelId kLast = 3000;
    for (archive::KernelId id = 1; id <= kLast; ++id) {
        const std::vector<archive::KernelId> parents =
            id == 1 ? std::vector<archive::KernelId>{} : std::vector{id - 1};
        one.place(id, "", 1, parents);
        other.place(id, "", 1, parents);
    }
    for (archive::KernelId id = kLast; id > 0; --id)
        static_cast<void>(one.island(id));
    std::set<std::uint64_t> seen;
    for (archive::KernelId id = 1; id <= kLast; ++id) {
        EXPECT_EQ(one.island(id), other.island(id));
        seen.insert(other.island(id));
    }
    EXPECT_EQ(seen.size(), Population::kIslands);
}

TEST(Population, IsNotLedInRingsByAnArchiveThatSomebodyMade) {
    Placed placed;
    placed.place(1, "", 1, {2});
    placed.place(2, "", 1, {1});
    placed.place(3, "", 1, {3});
    EXPECT_EQ(placed.island(1), 1U);
    EXPECT_LT(placed.island(2), Population::kIslands);
    EXPECT_EQ(placed.island(3), 0U);
}

TEST(Population, ChoosesParentsOfDifferentKinds) {
    Placed placed;
    for (int i = 0; i < 12; ++i)  // all on one island
        placed.place(3 * (i + 1), i % 2 == 0 ? "scalar" : "512-bit", 1 + i);
    for (std::uint64_t turn = 0; turn < 12; ++turn) {
        const auto parents = placed.parents(turn, 2);
        ASSERT_EQ(parents.size(), 2U);
        EXPECT_NE(placed.kept.at(parents[0]->id).axes, placed.kept.at(parents[1]->id).axes);
        const auto again = placed.parents(turn, 2);
        EXPECT_EQ(parents, again);
    }
}

TEST(Population, TakesTheAxesOfWhatWasCompiledBeforeThoseOfTheText) {
    auto archive = archive::Archive::open(":memory:").value();
    const auto add = [&](std::string source, std::string axes) {
        const auto id = archive.record_kernel(
            {.kernel = {.source = std::move(source), .schedule = "", .origin = "m"},
             .phase = "models",
             .parents = {}});
        archive::NewVerdict trial;
        trial.kernel = id.value();
        trial.verdict = right_with(2);
        trial.verdict.axes = std::move(axes);
        EXPECT_TRUE(archive.record_verdict(trial));
        return id.value();
    };
    const auto compiled = add("int a;", "parallel 512-bit tiled direct depth3 fp32");
    const auto text = add("double b;", "");
    EXPECT_EQ(kept_in(archive, compiled).value().axes, "parallel 512-bit tiled direct depth3 fp32");
    EXPECT_EQ(kept_in(archive, text).value().axes, "single scalar direct flat fp64");
    EXPECT_FALSE(kept_in(archive, 99));
}

TEST(Population, GivesEachIslandItsTurn) {
    Placed placed;
    for (archive::KernelId id = 1; id <= 6; ++id) {
        placed.place(id, "", static_cast<double>(id));
    }
    std::set<archive::KernelId> seen;
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
        const auto parents = placed.parents(turn, 1);
        ASSERT_EQ(parents.size(), 1U);
        EXPECT_EQ(placed.island(parents[0]->id), turn);
        seen.insert(parents[0]->id);
    }
    EXPECT_EQ(seen, (std::set<archive::KernelId>{4, 5, 6}));  // the best of each
}

TEST(Population, GivesWhatThereIs) {
    Placed placed;
    EXPECT_TRUE(placed.parents(0, 2).empty());
    placed.place(1, "", 2);
    EXPECT_EQ(placed.parents(0, 2).size(), 1U);
}

}  // namespace
}  // namespace cupel::engineer

// SPDX-License-Identifier: Apache-2.0
// Whole kernels as nvcc makes them (golden/), against references in double; and the same with one
// thing broken, which must be told of with the lines and the threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::faults;
using ::testing::HasSubstr;
using testing::mutated;
using testing::Trial;

std::string golden(const std::string& name) {
    return testing::golden_text(CUPEL_ROOT, name);
}

std::vector<float> wave(std::size_t count, float scale) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; i++)
        values[i] = std::sin(static_cast<float>(i) * 0.37F) * scale;
    return values;
}

struct Outcome {
    Report report;
    std::vector<float> values;
};

constexpr std::uint32_t kN = 40;  // no multiple of the tile

Outcome run_gemm(const std::string& ptx, const Options& options = {}, std::uint32_t n = kN) {
    Trial trial(ptx);
    const BufferId a = trial.input("A", wave(std::size_t{n} * n, 1));
    const BufferId b = trial.input("B", wave(std::size_t{n} * n, 2));
    const BufferId c = trial.output("C", std::uint64_t{n} * n * 4);
    Launch launch{
        .kernel = "gemm", .grid = {(n + 15) / 16, (n + 15) / 16, 1}, .block = {16, 16, 1}};
    launch.arguments = {Address{a}, Address{b}, Address{c}, argument(n)};
    Report report = trial.run(launch, options);
    return {.report = std::move(report), .values = trial.read<float>(c)};
}

TEST(Kernels, TheProductOfMatricesIsRightAndClean) {
    const Outcome outcome = run_gemm(golden("gemm"));
    EXPECT_EQ(faults(outcome.report), "");
    const auto a = wave(std::size_t{kN} * kN, 1);
    const auto b = wave(std::size_t{kN} * kN, 2);
    for (std::size_t i = 0; i < kN; i++) {
        for (std::size_t j = 0; j < kN; j++) {
            double sum = 0;
            for (std::size_t k = 0; k < kN; k++)
                sum += static_cast<double>(a[i * kN + k]) * static_cast<double>(b[k * kN + j]);
            EXPECT_NEAR(static_cast<double>(outcome.values[i * kN + j]), sum, 1e-5);
        }
    }
}

TEST(Kernels, EveryOrderOfWarpsAndBlocksGivesTheSameBits) {
    const Outcome first = run_gemm(golden("gemm"));
    for (std::uint64_t seed = 1; seed < 5; seed++) {
        const Outcome other = run_gemm(golden("gemm"), {.seed = seed});
        EXPECT_EQ(faults(other.report), "");
        EXPECT_EQ(other.values, first.values);
    }
    EXPECT_EQ(run_gemm(golden("gemm"), {.checks = false}).values, first.values);
}

TEST(Kernels, CountersAreExact) {
    const Outcome outcome = run_gemm(golden("gemm"), {}, 32);
    const Counters& counters = outcome.report.counters;
    EXPECT_EQ(counters.single_flops, 2U * 32 * 32 * 32);
    EXPECT_EQ(counters.unique_bytes_read, 2U * 32 * 32 * 4);
    EXPECT_EQ(counters.unique_bytes_written, 32U * 32 * 4);
    EXPECT_EQ(counters.barriers, 4U * 8 * 2 * 2);  // blocks, warps, tiles, two each
    // Two stores, 32 loads per tile; rows of `as` are 2 words for a warp, those of `bs` 16.
    EXPECT_EQ(counters.shared_requests, 4U * 8 * 2 * (2 + 32));
    EXPECT_EQ(counters.shared_wavefronts, counters.shared_requests);
    EXPECT_EQ(counters.shared_conflicts, 0U);
    // Each warp loads two rows of 64 bytes from A, and from B, and stores two.
    EXPECT_EQ(counters.global_requests, 4U * 8 * (2 * 2 + 1));
    EXPECT_EQ(counters.global_sectors, counters.global_requests * 4);
}

struct Mutant {
    std::string name;
    std::string piece;
    int nth = 0;
    std::string instead;
    std::vector<std::string> told;
};
class BrokenGemm : public ::testing::TestWithParam<Mutant> {};

TEST_P(BrokenGemm, IsToldOfWithItsLines) {
    const Mutant& mutant = GetParam();
    const Outcome outcome =
        run_gemm(mutated(golden("gemm"), mutant.piece, mutant.nth, mutant.instead));
    for (const std::string& told : mutant.told)
        EXPECT_THAT(faults(outcome.report), HasSubstr(told));
}

// The guard of the store to C is the last "or.pred", at line 15.
INSTANTIATE_TEST_SUITE_P(
    Kernels, BrokenGemm,
    ::testing::Values(Mutant{"first barrier",
                             "bar.sync",
                             0,
                             "// bar.sync",
                             {"shared race: line 12 (thread 1) reads what line 9 (thread 0) writes",
                              "reads what line 10 (thread"}},
                      Mutant{"second barrier",
                             "bar.sync",
                             1,
                             "// bar.sync",
                             {"writes what line 12 (thread", "shared race: line 9 (thread"}},
                      Mutant{"store into the tile",
                             "st.shared.f32",
                             0,
                             "// st",
                             {"bytes of C come from memory that nobody wrote"}},
                      Mutant{"store of the result",
                             "st.global.f32",
                             0,
                             "// st",
                             {"not written: 6400 of 6400 bytes of C are never written"}},
                      Mutant{"index of a store",
                             "st.shared.f32 \t[%r7]",
                             0,
                             "st.shared.f32 [%r7+1024]",
                             {"out of bounds: line 10 (thread 0) writes 4 bytes, 4 bytes past the "
                              "end of shared memory"}},
                      Mutant{"misaligned",
                             "st.shared.f32 \t[%r7]",
                             0,
                             "st.shared.f32 [%r7+2]",
                             {"misaligned: line 10 (thread 0) accesses 4 bytes"}},
                      Mutant{"the input written",
                             "st.global.f32",
                             0,
                             "st.global.f32 [%rd4], %f62; // ",
                             {"wrote an input: line 15 (thread", "of A, which is read only"}},
                      Mutant{"a load too far",
                             "ld.global.nc.f32 \t%f60, [%rd6]",
                             0,
                             "ld.global.nc.f32 %f60, [%rd6+40]",
                             {"out of bounds: line 9 (thread", "bytes past the end of A"}}),
    [](const auto& one) { return "Mutant" + std::to_string(one.index); });

TEST(Kernels, SeveralBlocksAtOneOutputAreARaceOfBlocks) {
    const std::string ptx =
        mutated(golden("gemm"), "mov.u32 \t%r26, %ctaid.x", 0, "mov.u32 %r26, 0");
    EXPECT_THAT(
        faults(run_gemm(ptx).report),
        HasSubstr("same-value race: line 15 (block 1 thread 64) and line 15 (block 0 thread 64)"));
}

TEST(Kernels, SoftmaxIsRightWithRaggedRows) {
    Trial trial(golden("softmax"));
    constexpr std::size_t kRows = 3;
    constexpr std::size_t kColumns = 77;
    const auto x = wave(kRows * kColumns, 5);
    const BufferId in = trial.input("x", x);
    const BufferId out = trial.output("y", x.size() * 4);
    Launch launch{
        .kernel = "softmax", .grid = {kRows, 1, 1}, .block = {64, 1, 1}, .shared_bytes = 8};
    launch.arguments = {Address{in}, Address{out}, argument(static_cast<int>(kColumns))};
    EXPECT_EQ(faults(trial.run(launch)), "");
    const auto y = trial.read<float>(out);
    for (std::size_t r = 0; r < kRows; r++) {
        double sum = 0;
        for (std::size_t c = 0; c < kColumns; c++)
            sum += std::exp(static_cast<double>(x[r * kColumns + c]));
        for (std::size_t c = 0; c < kColumns; c++)
            EXPECT_NEAR(static_cast<double>(y[r * kColumns + c]),
                        std::exp(static_cast<double>(x[r * kColumns + c])) / sum, 1e-6);
    }
}

Outcome run_histogram(const std::string& ptx, std::uint64_t seed = 0) {
    Trial trial(ptx);
    std::vector<std::uint8_t> x(3001);
    for (std::size_t i = 0; i < x.size(); i++)
        x[i] = static_cast<std::uint8_t>(i * i % 251);
    const BufferId in = trial.input("x", x);
    const BufferId partial = trial.output("partial", 4 * 256 * 4, Role::Scratch);
    const BufferId out = trial.output("out", 256 * 4);
    Launch launch{.kernel = "hist", .grid = {4, 1, 1}, .block = {64, 1, 1}};
    launch.arguments = {Address{in}, argument(static_cast<int>(x.size())), Address{partial},
                        Address{out}};
    Report report = trial.run(launch, {.seed = seed});
    std::vector<std::uint32_t> expected(256);
    for (std::size_t i = 0; i < x.size(); i++)
        expected[x[i]] += static_cast<std::uint32_t>(i & 3) + 1;
    if (seed == 0) {
        EXPECT_EQ(trial.read<std::uint32_t>(out), expected);
    }
    return {.report = std::move(report), .values = {}};
}

TEST(Kernels, TheLastBlockMayReadWhatOthersFenced) {
    EXPECT_EQ(faults(run_histogram(golden("hist")).report), "");
    EXPECT_EQ(faults(run_histogram(golden("hist"), 7).report), "");
}

TEST(Kernels, WithoutTheFenceTheLastBlockReadsARace) {
    EXPECT_THAT(
        faults(run_histogram(mutated(golden("hist"), "membar.gl;")).report),
        HasSubstr(
            "global race: line 21 (block 3 thread 0) reads what line 14 (block 0 thread 0) writes, "
            "and nothing orders the two blocks"));
}

TEST(Kernels, AVariableThatIsLeftAsItWasIsANoteAndElseHiddenState) {
    const Report honest = run_histogram(golden("hist")).report;
    EXPECT_TRUE(std::ranges::any_of(honest.findings, [](const Finding& f) {
        return f.text.find("ticket is written, and left as it was found") != std::string::npos;
    }));
    EXPECT_THAT(
        faults(run_histogram(
                   mutated(golden("hist"), "atom.global.inc.u32", 0, "atom.global.add.u32"), 1)
                   .report),
        HasSubstr("hidden state: the variable ticket keeps a value"));
}

}  // namespace
}  // namespace cupel::emulator

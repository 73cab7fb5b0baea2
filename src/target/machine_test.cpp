// SPDX-License-Identifier: Apache-2.0
#include "target/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "os/files.hpp"
#include "target/processor.hpp"
#include "target/test_cache.hpp"

namespace cupel::target {
namespace {

TEST(Processor, IsReadFromTheFirstBlock) {
    const auto processor = parse_cpuinfo(
        "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel\t\t: 1\nmodel name\t: AMD EPYC 7B13\n"
        "flags\t\t: fpu avx2 fma hypervisor\n\nprocessor\t: 1\nmodel name\t: other\n");
    EXPECT_EQ(processor.model, "AMD EPYC 7B13");
    EXPECT_TRUE(processor.hypervisor);
    EXPECT_EQ(processor.flags, "fpu avx2 fma hypervisor");
}

TEST(Processor, TextThatIsMissingOrDamagedLeavesDefaults) {
    for (const char* text : {"", "\n\n\n", ":::\n:", "flags", "model name"}) {
        const auto processor = parse_cpuinfo(text);
        EXPECT_EQ(processor.model, "unknown processor") << text;
        EXPECT_FALSE(processor.hypervisor);
    }
}

TEST(Processor, TheNativeIdentityFollowsFlagsAndStepping) {
    const Processor base{"m", "stepping=1;", "avx2", false};
    auto other = base;
    other.flags += " avx512f";
    EXPECT_NE(native_identity(base), native_identity(other));
    other = base;
    other.steps = "stepping=2;";
    EXPECT_NE(native_identity(base), native_identity(other));
}

#if defined(__x86_64__)
TEST(Processor, VectorsFollowTheFlags) {
    const auto bytes = [](const char* flags) { return vectors_of({"m", "", flags, false}).bytes; };
    EXPECT_EQ(bytes("sse2 avx avx2 fma avx512f avx512dq avx512vl"), 64);
    EXPECT_EQ(bytes("avx2 fma avx512f"), 32);
    EXPECT_EQ(bytes("avx2"), 16);
    EXPECT_EQ(bytes(""), 16);
    EXPECT_EQ(vectors_of({"m", "", "avx512f avx512dq avx512vl", false}).registers, 32);
}
#endif

TEST(ThisMachine, IsDescribedTheSameTwice) {
    const auto machine = this_machine();
    EXPECT_GE(machine.cpus, 1);
    EXPECT_GT(machine.memory_bytes, 64 << 20);
    EXPECT_FALSE(machine.processor.empty());
    EXPECT_EQ(machine.fingerprint.size(), 64U);
    EXPECT_EQ(to_json(machine), to_json(this_machine()));
}

// 100 GFLOP/s, 1 Gexp/s, read 20, copy 10, stream 16, cache 200 GB/s.
const Ceilings kRound = {1, 100e9, 1e9, 20e9, 10e9, 16e9, 200e9};

TEST(CeilingBound, OfASoftmaxIsExpOrStreaming) {
    constexpr std::int64_t kBytes = std::int64_t{4096} * 4096 * 4;
    const task::Counts softmax{5.0 * 4096 * 4096, 4096.0 * 4096, kBytes, kBytes};
    const auto bound = ceiling_bound(softmax, kRound);
    EXPECT_EQ(bound.name, "exp rate");  // 16.8 ms, against 8.4 ms of streaming
    EXPECT_NEAR(bound.seconds, 16.777e-3, 1e-6);
    auto quick = kRound;
    quick.exp_rate = 4e9;
    EXPECT_EQ(ceiling_bound(softmax, quick).name, "copy bandwidth");
    EXPECT_NEAR(ceiling_bound(softmax, quick).seconds, 8.389e-3, 1e-6);
}

TEST(CeilingBound, OfAMatrixProductIsTheFmaRateAndOfASumTheReadBandwidth) {
    const task::Counts product{2.0 * 1024 * 1024 * 1024, 0, 8 << 20, 4 << 20};
    EXPECT_EQ(ceiling_bound(product, kRound).name, "FMA rate");
    EXPECT_NEAR(ceiling_bound(product, kRound).seconds, 21.47e-3, 1e-5);
    const task::Counts sum{1e6, 0, 400'000'000, 4};
    EXPECT_EQ(ceiling_bound(sum, kRound).name, "read bandwidth");
    EXPECT_NEAR(ceiling_bound(sum, kRound).seconds, 20e-3, 1e-6);
}

TEST(PhysicalFloor, CreditsCachesOnBothSides) {
    Machine machine;
    machine.l2_bytes = 1'000'000;
    machine.l3_bytes = 31'000'000;
    const task::Counts map{1e8, 0, 64'000'000, 64'000'000};
    const auto floor = physical_floor(map, kRound, machine);
    EXPECT_EQ(floor.name, "memory bandwidth");
    EXPECT_NEAR(floor.seconds, 64e6 / (1.5 * 20e9), 1e-9);
    EXPECT_LT(floor.seconds, ceiling_bound(map, kRound).seconds);

    const task::Counts small{1e6, 0, 4'000'000, 2'000'000};
    const auto cached = physical_floor(small, kRound, machine);
    EXPECT_EQ(cached.name, "cache bandwidth");
    EXPECT_NEAR(cached.seconds, 4e6 / (1.3 * 200e9), 1e-12);
}

TEST(PhysicalFloor, OfAProductLeavesRoomForStrassenButNotForNothing) {
    const double flops = 2.0 * 1024 * 1024 * 1024;
    const task::Counts product{.flops = flops,
                               .transcendentals = 0,
                               .input_bytes = 8 << 20,
                               .output_bytes = 4 << 20,
                               .product_flops = flops};
    const auto floor = physical_floor(product, kRound, {});
    EXPECT_EQ(floor.name, "FMA rate");
    EXPECT_NEAR(floor.seconds, flops / (4 * 1.3 * 100e9), 1e-9);
    Machine tiles;
    tiles.tiles = true;
    EXPECT_LT(physical_floor(product, kRound, tiles).seconds, floor.seconds);
}

TEST(PhysicalFloor, IsFiniteWithoutFigures) {
    EXPECT_EQ(physical_floor({}, {}, {}).seconds, 0);
    EXPECT_EQ(ceiling_bound({1, 1, 1, 1}, {}).seconds, 0);
}

using MeasuredCeilings = PrivateCache;

// One test, because each measurement takes seconds.
TEST_F(MeasuredCeilings, AreOrderedRememberedAndKeepTheHigherFiguresUntilForgotten) {
    const auto machine = this_machine();
    const auto compiler = find_compiler();
    ASSERT_TRUE(compiler.has_value()) << compiler.error().text;
    const auto measured = ceilings(machine, *compiler, 1);
    ASSERT_TRUE(measured.has_value()) << measured.error().text;
    EXPECT_EQ(measured->threads, 1);
    EXPECT_GT(measured->fma_flops, 1e9);
    EXPECT_LT(measured->fma_flops, 1e12);  // of one core
    EXPECT_GT(measured->exp_rate, measured->fma_flops / 200);
    EXPECT_LT(measured->exp_rate, measured->fma_flops / 8);  // at least 4 multiply-adds each
    EXPECT_GT(measured->stream_bandwidth, 0.3 * measured->copy_bandwidth);
    EXPECT_LT(measured->stream_bandwidth, 3 * measured->copy_bandwidth);
    EXPECT_GT(measured->cache_bandwidth, measured->read_bandwidth);

    const auto again = ceilings(machine, *compiler, 1);
    ASSERT_TRUE(again.has_value());
    EXPECT_NEAR(again->fma_flops, measured->fma_flops, 1);
    EXPECT_EQ(to_json(*again), to_json(*measured));

    const auto folder = os::cache_folder().value() / "ceilings";
    const auto file = std::filesystem::directory_iterator(folder)->path();
    auto known = nlohmann::json::parse(os::read_file(file).value());
    known["fma_flops"] = 1e15;
    known["measured"] = 1;
    ASSERT_TRUE(os::write_file_atomically(file, known.dump()).has_value());
    const auto later = ceilings(machine, *compiler, 1);
    ASSERT_TRUE(later.has_value()) << later.error().text;
    EXPECT_EQ(later->fma_flops, 1e15);
    EXPECT_GT(later->measured, 1'700'000'000) << "it was old: measured again";
    const auto anew = ceilings(machine, *compiler, 1, Freshness::Anew);
    ASSERT_TRUE(anew.has_value()) << anew.error().text;
    EXPECT_LT(anew->fma_flops, 1e12);
}

TEST(CachedCeilings, AreMeasuredAgainWhereOldOrOfABusyMachine) {
    constexpr std::int64_t kNow = 2'000'000'000;
    constexpr std::int64_t kDay = 86'400;
    const auto again = [](std::int64_t age, double disturbed) {
        Ceilings ceilings = kRound;
        ceilings.measured = kNow - age;
        ceilings.disturbed = disturbed;
        return worth_measuring_again(ceilings, kNow);
    };
    EXPECT_FALSE(again(0, 0));
    EXPECT_FALSE(again(6 * kDay, 0.05));
    EXPECT_TRUE(again(8 * kDay, 0));
    EXPECT_FALSE(again(60, 0.5)) << "a machine that is always busy would measure each time";
    EXPECT_TRUE(again(3600, 0.5));
    EXPECT_TRUE(again(-kDay, 0)) << "the clock was set back";
    EXPECT_TRUE(worth_measuring_again(kRound, kNow)) << "an earlier version wrote no time";
}

TEST_F(MeasuredCeilings, RefuseAnImpossibleNumberOfThreads) {
    for (const int threads : {0, -1, 100'000}) {
        const auto refused = ceilings(this_machine(), Compiler{}, threads);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, Errc::Usage);
    }
}

}  // namespace
}  // namespace cupel::target

// SPDX-License-Identifier: Apache-2.0
#include "gpu/roofline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace cupel::gpu {
namespace {

Sheet sheet_named(const std::string& id) {
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/gpus"};
    auto sheet = load_sheet(id, folders);
    EXPECT_TRUE(sheet.has_value());
    return sheet.value_or(Sheet{});
}

struct Row {
    const char* gpu;
    std::int64_t threads, registers, shared, blocks;
    const char* limited_by;
};

// Blocks as NVIDIA's own cuda_occupancy.h of CUDA 13.0 computes them for these devices.
constexpr auto kRows = std::to_array<Row>({
    {"h200", 256, 32, 0, 8, "warps"},
    {"h200", 256, 33, 0, 6, "registers"},
    {"h200", 256, 128, 0, 2, "registers"},
    {"h200", 256, 255, 0, 1, "registers"},
    {"h200", 96, 168, 3000, 4, "registers"},
    {"h200", 160, 90, 20000, 4, "registers"},
    {"h200", 1024, 64, 0, 1, "registers"},
    {"h200", 1024, 65, 0, 0, "registers"},
    {"h200", 32, 16, 0, 32, "blocks"},
    {"h200", 128, 32, 33 * 1024, 6, "shared memory"},
    {"h200", 128, 32, 227 * 1024, 1, "shared memory"},
    {"h200", 128, 32, 227 * 1024 + 1, 0, "shared memory"},
    {"h200", 100, 40, 1000, 12, "registers"},
    {"a100", 256, 32, 48 * 1024, 3, "shared memory"},
    {"l40s", 256, 40, 0, 6, "warps"},
    {"rtx4090", 64, 16, 0, 24, "warps"},
});

TEST(Occupancy, IsThatOfTheVendorsCalculator) {
    for (const Row& row : kRows) {
        const Sheet sheet = sheet_named(row.gpu);
        const Occupancy found = occupancy(
            sheet,
            {.threads = row.threads, .shared_bytes = row.shared, .registers = row.registers});
        EXPECT_EQ(found.blocks, row.blocks)
            << row.gpu << " " << row.threads << " " << row.registers << " " << row.shared;
        EXPECT_EQ(found.limited_by, row.limited_by)
            << row.gpu << " " << row.threads << " " << row.registers << " " << row.shared;
    }
}

TEST(Occupancy, WithoutRegistersItIsSaidToBeAtMost) {
    const Sheet sheet = sheet_named("h200");
    const BlockNeeds needs{.threads = 512};
    const Occupancy found = occupancy(sheet, needs);
    EXPECT_EQ(found.blocks, 4);
    EXPECT_DOUBLE_EQ(found.share, 1);
    EXPECT_THAT(to_words(sheet, needs, found), testing::HasSubstr("registers are not known"));
    const BlockNeeds large{.threads = 512, .shared_bytes = 1 << 20};
    EXPECT_THAT(to_words(sheet, large, occupancy(sheet, large)),
                testing::HasSubstr("does not fit a multiprocessor: shared memory"));
}

double seconds_of(const LaunchBound& launch, std::string_view name) {
    for (const Ceiling& one : launch.ceilings)
        if (one.name == name) return one.seconds;
    return 0;
}

TEST(Roofline, CompulsoryBytesAtThePublishedBandwidthBoundAStream) {
    const Sheet sheet = sheet_named("h200");
    LaunchWork copy{.kernel = "copy", .blocks = 4096, .counted = 4, .bytes_read = 64 << 20};
    copy.needs.threads = 256;
    copy.counters.global_sectors = 4 * 2 * 512;  // of each block 512 read, 512 written
    const Bound bound = bound_of(sheet, {.bytes = 128 << 20, .precision = "fp32"}, {copy});
    EXPECT_DOUBLE_EQ(bound.seconds, (128 << 20) / 4.8e12);
    EXPECT_EQ(bound.binds, "DRAM");
    // 4096 blocks x 1024 sectors x 32 bytes, on 132 multiprocessors, 128 bytes a clock of 1.98 GHz.
    EXPECT_NEAR(seconds_of(bound.launches.at(0), "on-chip memory"),
                4096.0 * 1024 * 32 / (132 * 128 * 1.98e9), 1e-12);
}

TEST(Roofline, TensorCoresTakeTf32AtHalfTheRate) {
    const Sheet sheet = sheet_named("h200");
    LaunchWork work{.kernel = "product", .blocks = 132, .counted = 132};
    work.counters.tensor_flops = 2'000'000'000;
    EXPECT_NEAR(bound_of(sheet, {}, {work}).seconds, 2e9 / 989.4e12, 1e-12);
    EXPECT_EQ(bound_of(sheet, {}, {work}).binds, "tensor");
    work.only_tf32 = true;
    EXPECT_NEAR(bound_of(sheet, {}, {work}).seconds, 2e9 / 494.7e12, 1e-12);
}

TEST(Roofline, FewBlocksUseFewMultiprocessors) {
    const Sheet sheet = sheet_named("h200");
    LaunchWork work{.kernel = "product", .blocks = 1, .counted = 1};
    work.counters.single_flops = 1'000'000'000;
    const Bound one = bound_of(sheet, {}, {work});
    EXPECT_NEAR(one.seconds, 1e9 / (66.9e12 / 132), 1e-7);
    EXPECT_EQ(one.binds, "fp32");
    work.blocks = 264;  // so much for each of them
    EXPECT_NEAR(bound_of(sheet, {}, {work}).seconds, 2 * one.seconds, 1e-9);
}

// Large tiles have the lower bound and the longer time, where no other warps hide their latency.
TEST(Roofline, FewWarpsWeighAKernelDown) {
    const Sheet sheet = sheet_named("h200");
    LaunchWork tiles{.kernel = "product", .blocks = 256, .counted = 256};
    tiles.counters.single_flops = 1'000'000'000;
    tiles.needs = {.threads = 64, .shared_bytes = 8192, .registers = 128};
    const Bound few = bound_of(sheet, {}, {tiles});
    EXPECT_DOUBLE_EQ(few.launches.at(0).at_work, 2 * 2 / kWarpsAtWork);  // two blocks are there
    EXPECT_DOUBLE_EQ(few.weighed, few.seconds * kWarpsAtWork / 4);
    tiles.needs = {.threads = 512, .shared_bytes = 0, .registers = 32};
    const Bound many = bound_of(sheet, {}, {tiles});
    EXPECT_DOUBLE_EQ(many.launches.at(0).at_work, 32 / kWarpsAtWork);
    EXPECT_DOUBLE_EQ(many.seconds, few.seconds);
    EXPECT_LT(many.weighed, few.weighed);
    tiles.needs = {.threads = 256, .shared_bytes = 0, .registers = 32};
    tiles.blocks = 132 * 8;
    EXPECT_DOUBLE_EQ(bound_of(sheet, {}, {tiles}).launches.at(0).at_work, 1);
}

TEST(Roofline, BankConflictsAndSpecialFunctionsCount) {
    const Sheet sheet = sheet_named("a100");
    LaunchWork work{.kernel = "k", .blocks = 108, .counted = 108};
    work.counters.shared_requests = 108'000;
    work.counters.shared_wavefronts = 108'000 * 32;
    work.counters.work = {{"special", 108'000, 108'000 * 32}, {"integer", 1U << 30, 1U << 30}};
    const LaunchBound launch = bound_of(sheet, {}, {work}).launches.at(0);
    EXPECT_NEAR(seconds_of(launch, "on-chip memory"), 32'000 / 1.41e9, 1e-10);
    EXPECT_NEAR(seconds_of(launch, "special functions"), 1000.0 * 32 / 16 / 1.41e9, 1e-10);
    // What an assembler may drop bounds nothing.
    EXPECT_NEAR(seconds_of(launch, "issue"), 1000.0 / 4 / 1.41e9, 1e-10);
}

TEST(Roofline, WhatLaunchesHandOnBeyondTheCacheGoesThroughDram) {
    const Sheet sheet = sheet_named("a100");
    const double mib = 1 << 20;
    LaunchWork first{.kernel = "a", .bytes_read = 64 * mib, .bytes_written = 64 * mib};
    LaunchWork second{.kernel = "b", .bytes_read = 64 * mib, .bytes_written = 64 * mib};
    const Demand demand{.bytes = 128 * mib};
    const Bound two = bound_of(sheet, demand, {first, second});
    EXPECT_DOUBLE_EQ(seconds_of(two.launches.at(0), "DRAM"), (64 + 24) * mib / 2.039e12);
    EXPECT_DOUBLE_EQ(seconds_of(two.launches.at(1), "DRAM"), (24 + 24) * mib / 2.039e12);
    EXPECT_DOUBLE_EQ(two.seconds, 136 * mib / 2.039e12);
    EXPECT_EQ(two.binds, "a: DRAM");
    EXPECT_EQ(bound_of(sheet, demand, {first}).binds, "DRAM");
}

TEST(Roofline, ABoundOfTheFormulaHoldsForAnyUnitThatCouldDoIt) {
    const Sheet sheet = sheet_named("h200");
    const Demand demand{.bytes = 1, .product_flops = 1e12, .precision = "fp32"};
    // Not the 66.9 TFLOPS of fp32: three products on tensor cores are as good.
    EXPECT_DOUBLE_EQ(formula_bound(sheet, demand).at(0).seconds, 1e12 / (989.4e12 / 3));
    EXPECT_EQ(formula_bound(sheet, demand).at(0).name, "arithmetic");
    EXPECT_TRUE(bound_of(sheet, {}, {}).launches.empty());
}

}  // namespace
}  // namespace cupel::gpu

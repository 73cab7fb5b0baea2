// SPDX-License-Identifier: Apache-2.0
#include "referee/device_shapes.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <set>

namespace cupel::referee {
namespace {

task::Task task_of(std::string_view text) {
    auto task = task::parse(std::string(text), "t.task");
    EXPECT_TRUE(task) << (task ? "" : task.error().text);
    return task ? *std::move(task) : task::Task{};
}

constexpr std::string_view kProduct =
    "task t(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 1024, N = 512, K = 1000\n"
    "c[i,j] = sum[k](a[i,k] * b[k,j])\n";

std::int64_t size(const task::Task& task, std::string_view name) {
    for (const task::Size& one : task.sizes)
        if (one.name == name) return one.value;
    return -1;
}

TEST(DeviceShapes, TheFirstKeepsDivisorsAndIsLight) {
    const auto shapes = device_shapes(task_of(kProduct), 7);
    ASSERT_EQ(shapes.size(), 11U);
    EXPECT_EQ(shapes[0].rule, "scaled");
    EXPECT_EQ(size_words(shapes[0].task), "M=64, N=128, K=125");
    EXPECT_LE(task::count(shapes[0].task).flops, 5e6);
}

TEST(DeviceShapes, TheSecondIsOddInEverySizeAndOtherUnderAnotherSeed) {
    const task::Task task = task_of(kProduct);
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 8; seed++) {
        const task::Task ragged = device_shapes(task, seed).at(1).task;
        for (const char* name : {"M", "N", "K"}) {
            EXPECT_EQ(size(ragged, name) % 2, 1);
            EXPECT_LE(size(ragged, name), 128);
            EXPECT_GE(size(ragged, name), 50);
        }
        seen.insert(size_words(ragged));
    }
    EXPECT_GT(seen.size(), 4U);
}

std::vector<task::Task> small_ones(const task::Task& task, std::uint64_t seed) {
    std::vector<task::Task> small;
    for (DeviceShape& shape : device_shapes(task, seed))
        if (shape.is_small()) small.push_back(std::move(shape.task));
    return small;
}

TEST(DeviceShapes, EachSizeIsOnceOneOnceBelowAWarpAndOnceAboveInEachJudgement) {
    const task::Task task = task_of(kProduct);
    for (std::uint64_t seed = 0; seed < 60; seed++) {
        const auto small = small_ones(task, seed);
        ASSERT_EQ(small.size(), 3U) << seed;
        for (const char* name : {"M", "N", "K"}) {
            int ones = 0;
            int below = 0;
            int above = 0;
            for (const task::Task& shape : small) {
                const std::int64_t found = size(shape, name);
                ones += found == 1 ? 1 : 0;
                below += found > 1 && found < 32 ? 1 : 0;
                above += found > 32 && found <= 132 ? 1 : 0;
            }
            EXPECT_TRUE(ones == 1 && below == 1 && above == 1) << name << " " << seed;
        }
    }
}

// A task whose own sizes are small has no long shapes, and may have none above a warp.
TEST(DeviceShapes, SmallTasksAreTriedBelowTheirSizesToo) {
    for (std::uint64_t seed = 0; seed < 60; seed++) {
        std::set<std::int64_t> seen;
        for (const task::Task& shape :
             small_ones(task_of("task t(x: f32[B,N]) -> y: f32[B] where B = 16, N = 24\n"
                                "y[b] = sum[n](x[b,n])\n"),
                        seed)) {
            seen.insert(size(shape, "N"));
            EXPECT_LE(size(shape, "N"), 24);
            EXPECT_LE(size(shape, "B"), 16);
        }
        EXPECT_EQ(*seen.begin(), 1);
        EXPECT_GE(seen.size(), 2U);
    }
}

TEST(DeviceShapes, NoSmallSizeCanBeLearnedByHeart) {
    const task::Task task = task_of(kProduct);
    std::map<std::string, std::set<std::int64_t>> seen;
    for (std::uint64_t seed = 0; seed < 200; seed++) {
        for (const task::Task& small : small_ones(task, seed)) {
            for (const char* name : {"M", "N", "K"})
                seen[name].insert(size(small, name));
        }
    }
    for (const auto& [name, sizes] : seen)
        EXPECT_GT(sizes.size(), 60U) << name;
}

// A loop over tiles takes its second turn there, and `if constexpr (K >= 900)` is compiled.
TEST(DeviceShapes, EachSizeThatWasScaledDownIsTriedNearlyWhole) {
    const auto shapes = device_shapes(task_of(kProduct), 3);
    const std::map<std::string, std::int64_t> whole = {{"M", 1024}, {"N", 512}, {"K", 1000}};
    std::size_t tried = 0;
    for (const DeviceShape& shape : shapes) {
        if (!shape.is_long()) continue;
        tried++;
        for (const auto& [name, value] : whole) {
            if (shape.rule == "long " + name) {
                EXPECT_GE(size(shape.task, name), value - value / 8);
                EXPECT_LE(size(shape.task, name), value);
                EXPECT_EQ(size(shape.task, name) % 16, 8);  // of 1000, too
            } else if (shape.rule == "long odd " + name) {
                EXPECT_GE(size(shape.task, name), value - value / 8);
                EXPECT_LT(size(shape.task, name), value);
                EXPECT_EQ(size(shape.task, name) % 2, 1);
            } else {
                EXPECT_LE(size(shape.task, name), 64);
            }
        }
    }
    EXPECT_EQ(tried, 6U);
    // What is small enough is tried whole as it is.
    EXPECT_EQ(device_shapes(task_of("task t(x: f32[N]) -> y: f32[N] where N = 4096\n"
                                    "y[i] = x[i] + 1\n"),
                            3)
                  .size(),
              5U);
}

TEST(DeviceShapes, SizesStayWhereTheTaskBoundsThem) {
    const auto shapes =
        device_shapes(task_of("task t(x: f32[B,N]) -> y: f32[B] where B = 4096, N = 4096\n"
                              "y[b] = sum[n](x[b,n])\nshapes N in 1000..5000, B in 1..8192\n"),
                      1);
    for (const DeviceShape& shape : shapes)
        EXPECT_GE(size(shape.task, "N"), 1000) << shape.rule;
}

TEST(DeviceShapes, EveryTaskThatCupelShipsHasThree) {
    int tasks = 0;
    for (const auto& file : std::filesystem::directory_iterator(CUPEL_ROOT "/tasks")) {
        const std::vector<std::string> folders = {CUPEL_ROOT "/tasks"};
        const auto task = task::load(file.path().stem().string(), folders, {});
        ASSERT_TRUE(task) << task.error().text;
        const auto shapes = device_shapes(*task, 5);
        ASSERT_GE(shapes.size(), 3U) << task->name;
        EXPECT_EQ(shapes[2].rule, "small") << task->name;
        for (const DeviceShape& shape : shapes)
            EXPECT_LE(task::count(shape.task).flops, 8e6) << task->name << " " << shape.rule;
        tasks++;
    }
    EXPECT_GE(tasks, 24);
}

}  // namespace
}  // namespace cupel::referee

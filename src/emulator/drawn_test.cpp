// SPDX-License-Identifier: Apache-2.0
// What comes first is drawn: which block goes on, and which lane is the first at an atomic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::Each;
using testing::faults;
using testing::kernel;
using testing::Trial;

// In %b: a word of 0 for each of `blocks`, and one more.
std::vector<std::uint32_t> left_by_blocks(const std::string& body, std::uint64_t seed) {
    constexpr std::uint32_t kBlocks = 24;
    Trial trial(kernel(body));
    const BufferId b =
        trial.input("b", std::vector<std::uint32_t>(std::size_t{kBlocks} + 1), Role::InOut);
    Launch launch{.kernel = "k", .grid = {kBlocks, 1, 1}, .block = {32, 1, 1}};
    launch.arguments = {Address{b}, Address{b}, argument(0)};
    EXPECT_EQ(faults(trial.run(launch, {.seed = seed})), "");
    return trial.read<std::uint32_t>(b);
}

// One lane of each block tries a lock in the last word once, and keeps it for some time.
const std::string kTry =
    "setp.ne.u32 %p1, %t, 0; @%p1 bra E; mul.wide.u32 %d1, %k, 4; add.u64 %d1, %d1, %b;\n"
    "atom.global.cas.b32 %r1, [%b+96], 0, 1; setp.ne.u32 %p2, %r1, 0; @%p2 bra E;\n"
    "mov.u32 %r2, 0; W: add.u32 %r2, %r2, 1; setp.lt.u32 %p3, %r2, 60; @%p3 bra W;\n"
    "st.global.u32 [%d1], 1; membar.gl; atom.global.exch.b32 %r1, [%b+96], 0; E:\n";

TEST(Drawn, ALockMayBeFoundTaken) {
    int missed = 0;
    for (std::uint64_t seed = 1; seed < 5; seed++) {
        const std::vector<std::uint32_t> words = left_by_blocks(kTry, seed);
        missed += static_cast<int>(std::count(words.begin(), words.end() - 1, 0U));
        EXPECT_EQ(words, left_by_blocks(kTry, seed));
    }
    EXPECT_GT(missed, 8);
    // One block after the other in the natural order, so that nobody waits.
    const std::vector<std::uint32_t> words = left_by_blocks(kTry, 0);
    EXPECT_THAT(std::vector(words.begin(), words.end() - 1), Each(1U));
}

TEST(Drawn, WhoWaitsForAnotherBlockStillComesToItsEnd) {
    // All meet, and whoever spins does much in each turn.
    const std::string meet =
        "setp.ne.u32 %p1, %t, 0; @%p1 bra E; red.global.add.u32 [%b+96], 1;\n"
        "W: mov.u32 %r2, 0; V: add.u32 %r2, %r2, 1; setp.lt.u32 %p3, %r2, 60; @%p3 bra V;\n"
        "ld.volatile.global.u32 %r1, [%b+96]; setp.lt.u32 %p2, %r1, 24; @%p2 bra W; E:\n";
    for (std::uint64_t seed = 0; seed < 4; seed++)
        EXPECT_EQ(left_by_blocks(meet, seed).back(), 24U);
}

// The places that the lanes of a warp get from a counter.
std::vector<std::uint32_t> places(std::uint64_t seed, bool checks) {
    Trial trial(
        kernel("atom.global.add.u32 %r1, [%a], 1; shl.b32 %r5, %t, 2; cvt.u64.u32 %d5, %r5;\n"
               "add.u64 %d6, %b, %d5; st.global.u32 [%d6], %r1;\n"));
    const BufferId a = trial.input("a", std::vector<std::uint32_t>(1), Role::InOut);
    const BufferId b = trial.output("b", 128);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {32, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    EXPECT_EQ(faults(trial.run(launch, {.seed = seed, .checks = checks})), "");
    return trial.read<std::uint32_t>(b);
}

TEST(Drawn, AnyLaneMayBeTheFirstAtAnAtomic) {
    std::vector<std::uint32_t> in_order(32);
    std::iota(in_order.begin(), in_order.end(), 0U);
    EXPECT_EQ(places(0, true), in_order);
    for (std::uint64_t seed = 1; seed < 5; seed++) {
        const std::vector<std::uint32_t> one = places(seed, true);
        EXPECT_NE(one, in_order);
        EXPECT_EQ(one, places(seed, false));
        EXPECT_THAT(one, ::testing::UnorderedElementsAreArray(in_order));
    }
}

}  // namespace
}  // namespace cupel::emulator

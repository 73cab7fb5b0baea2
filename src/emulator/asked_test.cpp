// SPDX-License-Identifier: Apache-2.0
// Of volatile accesses that nothing orders: what is asked about may be old or new, what is taken as
// it is found may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::faults;
using ::testing::HasSubstr;
using testing::kernel;
using testing::mutated;
using testing::Trial;

// Two blocks of 64 threads; %r9: 64 words of zeros in shared memory, %r1: that of the thread, %r2:
// of its neighbour in the warp. In %b are 128 words of 0. %d9: that of the thread in the grid.
std::string ask_faults(const std::string& body, std::uint64_t seed = 0) {
    Trial trial(
        kernel(".shared .align 16 .b32 s[64];\n"
               "mov.u32 %r9, s; shl.b32 %r1, %t, 2; xor.b32 %r2, %r1, 4;\n"
               "add.u32 %r1, %r1, %r9; add.u32 %r2, %r2, %r9; st.shared.u32 [%r1], 0; bar.sync 0;\n"
               "mad.lo.u32 %r8, %k, 64, %t; mul.wide.u32 %d9, %r8, 4; add.u64 %d9, %d9, %a;\n" +
               body));
    const BufferId a = trial.output("a", 512, Role::Scratch);
    const BufferId b = trial.input("b", std::vector<std::uint32_t>(128), Role::InOut);
    Launch launch{.kernel = "k", .grid = {2, 1, 1}, .block = {64, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    return faults(trial.run(launch, {.seed = seed, .budget = 1'000'000}));
}

const std::string kPut = "#5\nst.volatile.shared.u32 [%r1], %t;\n";
const std::string kTake = "#7\nld.volatile.shared.u32 %r3, [%r2];\n";
const std::string kKeep = "st.global.u32 [%d9], %r3;\n";
const std::string kSyncLanes = "bar.warp.sync -1;\n";

TEST(Asked, WhatALaneTakesFromAnotherNeedsABarrierOfTheWarp) {
    EXPECT_THAT(
        ask_faults(kPut + kTake + kKeep),
        HasSubstr("shared race: line 7 (thread 32) reads what line 5 (thread 33) writes, and "
                  "nothing orders these lanes of a warp: volatile or atomic as both are, "
                  "either may come first"));
    EXPECT_EQ(ask_faults(kPut + kSyncLanes + kTake + kKeep), "");
    // What is computed from it, or fetched by a shuffle, is the same value.
    EXPECT_THAT(ask_faults(kPut + kTake + "add.u32 %r3, %r3, 1;\n" + kKeep), HasSubstr("line 7"));
    EXPECT_THAT(ask_faults(kPut + kTake + "shfl.sync.bfly.b32 %r3, %r3, 1, 31, -1;\n" + kKeep),
                HasSubstr("line 7"));
    EXPECT_THAT(
        ask_faults(kPut + kTake + "setp.eq.u32 %p1, %r3, 9; selp.u32 %r3, 1, 0, %p1;\n" + kKeep),
        HasSubstr("line 7"));
    // By relaxed accesses as well.
    EXPECT_THAT(ask_faults(mutated(kPut, "volatile", 0, "relaxed.cta") +
                           mutated(kTake, "volatile", 0, "relaxed.cta") + kKeep),
                HasSubstr("line 7"));
}

TEST(Asked, AWriteAfterWhatALaneTookNeedsOneToo) {
    const std::string body = kTake + "SYNC" + kPut + kKeep;
    EXPECT_THAT(ask_faults(mutated(body, "SYNC", 0, "")),
                HasSubstr("line 5 (thread 32) writes what line 7 (thread 33) reads, and nothing "
                          "orders these lanes of a warp"));
    EXPECT_EQ(ask_faults(mutated(body, "SYNC", 0, kSyncLanes)), "");
}

TEST(Asked, AReadThatAsksHidesNoneThatTakes) {
    const std::string ask =
        "ld.volatile.shared.u32 %r4, [%r2]; setp.eq.u32 %p1, %r4, 70;\n"
        "@%p1 bra OUT;\n";
    for (const std::string& reads : {ask + kTake, kTake + ask}) {
        EXPECT_THAT(ask_faults(reads + kPut + kKeep + "OUT:"),
                    HasSubstr("line 5 (thread 32) writes what line 7 (thread 33) reads"));
    }
    EXPECT_EQ(ask_faults(ask + kPut + "OUT:"), "");
}

// Thread 0 of the first block raises a flag of 7 in [%b], the other block waits for it.
std::string wait_kernel(const std::string& wait) {
    return "setp.ne.u32 %p1, %k, 0; @%p1 bra READER; setp.ne.u32 %p1, %t, 0; @%p1 bra END;\n"
           "#11\nst.volatile.global.u32 [%b], 7; bra END;\nREADER:\n" +
           wait + kKeep + "END:";
}

TEST(Asked, AFlagThatIsWaitedForMayBePutToUse) {
    for (std::uint64_t seed = 0; seed < 4; seed++) {
        EXPECT_EQ(ask_faults(wait_kernel("L: #12\nld.volatile.global.u32 %r3, [%b];\n"
                                         "setp.eq.u32 %p2, %r3, 0; @%p2 bra L;\n"),
                             seed),
                  "");
        // The first turn before the loop, and another load within.
        EXPECT_EQ(ask_faults(wait_kernel("#12\nld.volatile.global.u32 %r3, [%b];\n"
                                         "setp.ne.u32 %p2, %r3, 0; @%p2 bra M;\n"
                                         "L: nanosleep.u32 20;\n"
                                         "ld.volatile.global.u32 %r3, [%b];\n"
                                         "setp.eq.u32 %p2, %r3, 0; @%p2 bra L; M:\n"),
                             seed),
                  "");
        // All lanes together.
        EXPECT_EQ(ask_faults(wait_kernel("L: ld.volatile.global.u32 %r3, [%b];\n"
                                         "setp.eq.u32 %p2, %r3, 0;\n"
                                         "vote.sync.any.pred %p3, %p2, -1; @%p3 bra L;\n"),
                             seed),
                  "");
        EXPECT_THAT(ask_faults(wait_kernel("#12\nld.volatile.global.u32 %r3, [%b];\n"), seed),
                    HasSubstr("and nothing orders the two blocks"))
            << seed;
    }
}

TEST(Asked, AValueThatOnlyDecidesWhetherToWriteIsAskedFor) {
    EXPECT_EQ(ask_faults(kPut + kTake + "setp.eq.u32 %p1, %r3, 3;\n@%p1 st.global.u32 [%d9], 1;\n"),
              "");
    EXPECT_THAT(
        ask_faults(kPut + kTake + "setp.eq.u32 %p1, %r3, 3;\n@%p1 st.global.u32 [%d9], %r3;\n"),
        HasSubstr("line 7"));
}

TEST(Asked, WhatAnAtomicLeavesIsNotTakenWithoutOrderEither) {
    const std::string add = "#5\nred.shared.add.u32 [%r1], 1;\n";
    EXPECT_THAT(ask_faults(add + kTake + kKeep), HasSubstr("line 7 (thread 32) reads"));
    EXPECT_EQ(ask_faults(add + "bar.sync 0;\n" + kTake + kKeep), "");
    // Two atomics may come in either order.
    EXPECT_EQ(ask_faults(add + "atom.shared.add.u32 %r3, [%r2], 1;\n" + kKeep), "");
    // What an atomic takes, and what a store leaves.
    EXPECT_THAT(ask_faults(kPut + "#7\natom.shared.add.u32 %r3, [%r2], 0;\n" + kKeep),
                HasSubstr("line 7 (thread 32) reads what line 5 (thread 33) writes"));
    EXPECT_THAT(ask_faults("#7\natom.shared.add.u32 %r3, [%r2], 0;\n" + kPut + kKeep),
                HasSubstr("line 5 (thread 32) writes what line 7 (thread 33) reads"));
}

TEST(Asked, AnAtomicThatChangesNothingIsALoad) {
    const std::string add = "#5\nred.shared.add.u32 [%r1], 1;\n";
    for (const std::string look :
         {"add.u32 %r3, [%r2], 0", "or.b32 %r3, [%r2], 0", "cas.b32 %r3, [%r2], 5, 5"}) {
        const std::string atom = "#7\natom.shared." + look + ";\n";
        EXPECT_THAT(ask_faults(add + atom + kKeep), HasSubstr("line 7 (thread 32) reads"));
        EXPECT_THAT(ask_faults(atom + add + kKeep), HasSubstr("line 5 (thread 32) writes"));
        EXPECT_EQ(ask_faults(add + kSyncLanes + atom + kKeep), "");
        EXPECT_EQ(ask_faults(atom + atom + kKeep), "");
        EXPECT_EQ(ask_faults(add + atom), "");
    }
    // One that all lanes add to, the one that looks last of all.
    EXPECT_THAT(ask_faults("#5\nred.shared.add.u32 [%r9], 1;\nsetp.ne.u32 %p1, %t, 63;\n"
                           "@%p1 bra E;\n#7\natom.shared.add.u32 %r3, [%r9], 0;\n" +
                           kKeep + "E:"),
                HasSubstr("line 7 (thread 63) reads"));
}

TEST(Asked, AnAtomicThatIsFoundToChangeNothingIsALoadWhereItsResultIsStored) {
    const std::string add = "#5\nred.shared.add.u32 [%r1], 1;\n";
    const auto atomic = [](const std::string& operation) {
        return "shr.u32 %r5, %t, 10; not.b32 %r6, %r5;\n#7\natom.shared." + operation + ";\n";
    };
    for (const char* const look :
         {"add.u32 %r3, [%r2], %r5", "or.b32 %r3, [%r2], %r5", "xor.b32 %r3, [%r2], %r5",
          "max.u32 %r3, [%r2], %r5", "and.b32 %r3, [%r2], %r6", "min.u32 %r3, [%r2], %r6",
          "cas.b32 %r3, [%r2], %r6, %r6"}) {
        const std::string atom = atomic(look);
        EXPECT_THAT(ask_faults(add + atom + kKeep), HasSubstr("line 7 (thread 32) reads")) << look;
        EXPECT_THAT(ask_faults(atom + add + kKeep), HasSubstr("line 5 (thread 32) writes")) << look;
        EXPECT_EQ(ask_faults(add + kSyncLanes + atom + kKeep), "") << look;
        EXPECT_EQ(ask_faults(atom + atom + kKeep), "") << look;
    }
    for (const char* const change :
         {"add.u32 %r3, [%r2], %r6", "or.b32 %r3, [%r2], %r6", "min.s32 %r3, [%r2], %r6",
          "max.s32 %r3, [%r2], %r6", "exch.b32 %r3, [%r2], %r5", "inc.u32 %r3, [%r2], %r5"})
        EXPECT_EQ(ask_faults(add + atomic(change) + kKeep), "") << change;
    // A rank of who has none, left in shared memory.
    EXPECT_EQ(ask_faults(add + atomic("add.u32 %r3, [%r2], %r5") + "bar.sync 0;\n" +
                         "st.shared.u32 [%r1], %r3;"),
              "");
    // Room for so many, and there are none: where it would be is of no matter.
    EXPECT_EQ(ask_faults(add + atomic("add.u32 %r3, [%r2], %r5") +
                         "setp.gt.u32 %p1, %t, 64; add.u32 %r3, %r3, %r9;\n"
                         "@%p1 st.shared.u32 [%r3], 0;"),
              "");
}

TEST(Asked, AGuessForACompareAndSwapMayBeVolatile) {
    const std::string turn =
        "L: mov.u32 %r5, %r3; add.s32 %r6, %r5, %t;\n"
        "atom.shared.cas.b32 %r3, [%r9], %r5, %r6;\n";
    const std::string again = "setp.ne.s32 %p1, %r5, %r3; @%p1 bra L;\n";
    const std::string guess = "#7\nld.volatile.shared.u32 %r3, [%r9];\n";
    EXPECT_EQ(ask_faults(guess + turn + again), "");
    EXPECT_THAT(ask_faults(guess + turn), HasSubstr("line 7"));
}

TEST(Asked, SoMayAGuessByAnAtomicThatAddsZero) {
    const std::string loop =
        "#7\natom.shared.add.u32 %r3, [%r9], 0;\n"
        "L: mov.u32 %r5, %r3; add.s32 %r6, %r5, %t;\n"
        "atom.shared.cas.b32 %r3, [%r9], %r5, %r6;\n";
    EXPECT_EQ(ask_faults(loop + "setp.ne.s32 %p1, %r5, %r3; @%p1 bra L;\n"), "");
    EXPECT_THAT(ask_faults(loop), HasSubstr("line 7"));
}

// The words are of two blocks. What is of the scope of one is no atomic to the other.
TEST(Asked, WhatIsStrongTowardsItsBlockIsNotTowardsAnother) {
    const std::string words =
        "and nothing orders the two blocks: one is atomic or ordered towards "
        "its own block only";
    for (const char* const pair : {"cta cta", "cta gpu", "gpu cta"}) {
        const std::string first(pair, 3);
        const std::string second(pair + 4, 3);
        const std::string adds = "setp.ne.u32 %p1, %k, 0; @%p1 bra B;\n#5\nred.relaxed." + first +
                                 ".global.add.u32 [%b], 1; bra E;\nB: #7\nred.relaxed." + second +
                                 ".global.add.u32 [%b], 1; E:\n";
        EXPECT_THAT(ask_faults(adds), HasSubstr(words)) << pair;
        const std::string asks = "setp.ne.u32 %p1, %k, 0; @%p1 bra B;\n#5\nred.relaxed." + first +
                                 ".global.add.u32 [%b], 1; bra E;\nB: #7\nld.relaxed." + second +
                                 ".global.u32 %r3, [%b]; setp.ne.u32 %p1, %r3, 9; @%p1 bra E; "
                                 "st.global.u32 [%d9], 1; E:\n";
        EXPECT_THAT(ask_faults(asks), HasSubstr(words)) << pair;
    }
    EXPECT_EQ(ask_faults("red.relaxed.gpu.global.add.u32 [%b], 1;\n"), "");
    EXPECT_EQ(ask_faults("mad.lo.u32 %r3, %k, 4, 0; cvt.u64.u32 %d1, %r3; add.u64 %d1, %d1, %b;\n"
                         "red.relaxed.cta.global.add.u32 [%d1], 1;\n"),
              "");
}

TEST(Asked, WhatIsAtomicIsSoTowardsItsOwnWidthOnly) {
    const auto two = [](const std::string& first, const std::string& second) {
        return ask_faults("setp.gt.u32 %p1, %t, 31; @%p1 bra B;\n#5\n" + first +
                          "; bra E;\nB: #7\n" + second + "; E:\n");
    };
    const std::string half = "red.global.add.u32 [%b+4], 1";
    const std::string whole = "red.global.add.u64 [%b], 1";
    for (const auto& [first, second] : {std::pair{half, whole}, std::pair{whole, half}}) {
        EXPECT_THAT(two(first, second), HasSubstr("bytes, neither is atomic to the other"));
        EXPECT_EQ(two(first, first), "");
    }
    EXPECT_EQ(two("red.global.add.u32 [%b+8], 1", whole), "");
    // Once ordered, a word may be of any width.
    EXPECT_EQ(ask_faults("red.shared.add.u32 [%r9], 1; bar.sync 0;\n"
                         "red.shared.add.u64 [%r9], 1;\n"),
              "");
}

TEST(Asked, WhatAnAtomicHasFoundComesBeforeWhatItsThreadDoesNext) {
    const auto reset = [](const std::string& add, const std::string& between = "") {
        const std::string ticket = mutated(
            "setp.ne.u32 %p1, %t, 0; @%p1 bra E;\n#5\n"
            "ADD; setp.ne.u32 %p1, %r3, 1; @%p1 bra E;\n",
            "ADD", 0, add);
        return ask_faults(ticket + between + "#7\nst.global.u32 [%b], 0; E:\n");
    };
    const std::string add = "atom.global.add.u32 %r3, [%b], 1";
    EXPECT_EQ(reset(add), "");
    EXPECT_EQ(reset(add, "red.global.add.u32 [%b], 1;\n"), "");
    const std::string words = "line 7 (block 1 thread 0) and line 5 (block 0 thread 0) both write";
    EXPECT_THAT(reset("atom.relaxed.cta.global.add.u32 %r3, [%b], 1"), HasSubstr(words));
    EXPECT_THAT(reset("atom.global.add.u32 %r3, [%b], 1", "st.volatile.global.u32 [%b], 2;\n"),
                HasSubstr("line 7 (block 1 thread 0) and line 5"));
    // Also what others do behind a barrier, but nobody who has not met the atomic.
    const std::string all = "setp.ne.u32 %p1, %t, 0; @%p1 bra B;\n#5\n" + add +
                            "; st.shared.u32 [%r9], %r3; B: BARRIER\n"
                            "setp.ne.u32 %p1, %t, 40; @%p1 bra E; setp.eq.u32 %p1, %k, 0;\n"
                            "@%p1 bra E;\n#7\nst.global.u32 [%b], 0; E:\n";
    EXPECT_EQ(ask_faults(mutated(all, "BARRIER", 0, "bar.sync 0;")), "");
    EXPECT_THAT(ask_faults(mutated(all, "BARRIER")), HasSubstr("line 7 (block 1 thread 40)"));
}

TEST(Asked, OfTwoStoresOneMustHaveSeenTheOther) {
    EXPECT_THAT(ask_faults("#5\nst.volatile.shared.u32 [%r9], %t;\n"),
                HasSubstr("line 5 (thread 33) and line 5 (thread 32) both write"));
    EXPECT_EQ(ask_faults("st.volatile.shared.u32 [%r9], 1;\n"), "");
    // Each lane waits for its turn, which the one before it gives.
    EXPECT_EQ(ask_faults("L: ld.volatile.shared.u32 %r3, [%r9]; setp.ne.u32 %p1, %r3, %t;\n"
                         "@%p1 bra L; add.u32 %r4, %t, 1; st.volatile.shared.u32 [%r9], %r4;\n"),
              "");
}

// Each lane stores, looks at its neighbour's word, asks something, and takes it all the same.
std::vector<std::uint32_t> seen_values(const std::string& between, std::uint64_t seed) {
    Trial trial(
        kernel(".shared .align 16 .b32 s[32];\n"
               "mov.u32 %r9, s; shl.b32 %r1, %t, 2; xor.b32 %r2, %r1, 4; cvt.u64.u32 %d9, %r1;\n"
               "add.u32 %r1, %r1, %r9; add.u32 %r2, %r2, %r9; add.u64 %d9, %d9, %a;\n"
               "st.shared.u32 [%r1], 70; bar.sync 0; st.volatile.shared.u32 [%r1], 80;\n" +
               between +
               "ld.volatile.shared.u32 %r3, [%r2]; setp.eq.u32 %p1, %r3, 5; @%p1 bra E;\n"
               "st.global.u32 [%d9], %r3; E:"));
    const BufferId a = trial.output("a", 128);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {32, 1, 1}};
    launch.arguments = {Address{a}, Address{a}, argument(0)};
    EXPECT_EQ(faults(trial.run(launch, {.seed = seed})), "");
    return trial.read<std::uint32_t>(a);
}

TEST(Asked, WhatIsAskedForMayBeOldWhereNothingOrdersIt) {
    using ::testing::Contains;
    using ::testing::Each;
    for (std::uint64_t seed = 1; seed < 5; seed++) {
        const std::vector<std::uint32_t> values = seen_values("", seed);
        EXPECT_THAT(values, Contains(70U));
        EXPECT_THAT(values, Contains(80U));
        EXPECT_THAT(seen_values("bar.warp.sync -1;\n", seed), Each(80U));
        EXPECT_THAT(seen_values("membar.gl;\n", seed), Each(80U));
    }
    EXPECT_THAT(seen_values("", 0), Each(80U));
}

}  // namespace
}  // namespace cupel::emulator

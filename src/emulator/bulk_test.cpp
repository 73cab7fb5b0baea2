// SPDX-License-Identifier: Apache-2.0
// Bulk copies: what they bring, what must be left alone meanwhile, and what makes them meet what
// threads have written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::faults;
using ::testing::HasSubstr;
using testing::kernel;
using testing::mutated;
using testing::Trial;

constexpr std::size_t kBulkWords = 132;  // of %a and %b: 528 bytes

// Two warps. [s]: 512 bytes of shared memory, of which %r1 is the thread's word; [m]: an mbarrier
// of one arrival. !%p1: the first thread. %d1 and %d2: the thread's words of %a and %b.
std::string bulk_text(const std::string& body) {
    return kernel(
        ".shared .align 16 .b8 s[512];\n.shared .align 8 .b8 m[16];\n"
        "mov.u32 %r9, s; shl.b32 %r1, %t, 2; cvt.u64.u32 %d3, %r1;\n"
        "add.u64 %d1, %d3, %a; add.u64 %d2, %d3, %b; add.u32 %r1, %r1, %r9;\n"
        "setp.ne.u32 %p1, %t, 0; mov.u32 %r10, 512;\n"
        "@!%p1 mbarrier.init.shared.b64 [m], 1; bar.sync 0;\n" +
        body);
}

struct Ran {
    std::string faults;
    std::vector<std::uint32_t> b;
};

Ran ran_bulk(const std::string& body, std::uint64_t seed = 0, Role of_a = Role::InOut) {
    Trial trial(bulk_text(body));
    std::vector<std::uint32_t> words(kBulkWords);
    std::iota(words.begin(), words.end(), 100);
    const BufferId a = of_a == Role::Scratch ? trial.output("a", 4 * kBulkWords, of_a)
                                             : trial.input("a", words, of_a);
    const BufferId b = trial.input("b", std::vector<std::uint32_t>(kBulkWords), Role::InOut);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {64, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    const std::string found =
        faults(trial.run(launch, {.seed = seed, .checks = true, .budget = 100'000}));
    return {.faults = found, .b = trial.read<std::uint32_t>(b)};
}

const std::string kExpect = "@!%p1 mbarrier.arrive.expect_tx.shared::cta.b64 _, [m], 512;\n";
const std::string kBring =
    "#5\n@!%p1 cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [s], [%a], %r10, "
    "[m];\n";
const std::string kBrought =
    "W: mbarrier.try_wait.parity.shared::cta.b64 %p2, [m], 0; @!%p2 bra W;\n";
const std::string kHandOut = "#7\nld.shared.u32 %r4, [%r1]; st.global.u32 [%d2], %r4;\n";

const std::string kFillShared = "#3\nadd.u32 %r5, %t, 7; st.shared.u32 [%r1], %r5;\n";
const std::string kProxyFence = "fence.proxy.async.shared::cta;\n";
const std::string kBlockBarrier = "bar.sync 0;\n";
const std::string kBulkStore =
    "#6\n@!%p1 cp.async.bulk.global.shared::cta.bulk_group [%b], [s], 256;\n"
    "@!%p1 cp.async.bulk.commit_group;\n";
const std::string kSourceFree = "@!%p1 cp.async.bulk.wait_group.read 0;\n";
const std::string kStored = "@!%p1 cp.async.bulk.wait_group 0;\n";

TEST(BulkLoads, BringWhatAnMbarrierTellsOf) {
    for (const std::string& both : {kExpect + kBring, kBring + kExpect}) {
        for (std::uint64_t seed = 0; seed < 4; seed++) {
            const Ran ran = ran_bulk(both + kBrought + kHandOut, seed);
            EXPECT_EQ(ran.faults, "");
            EXPECT_EQ(ran.b[0], 100U);
            EXPECT_EQ(ran.b[63], 163U);
            EXPECT_EQ(ran.b[64], 0U);
        }
    }
    // The bytes may be spoken of apart from the arrival.
    EXPECT_EQ(ran_bulk("@!%p1 mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [m], 512;\n" + kBring +
                       "@!%p1 mbarrier.arrive.shared::cta.b64 _, [m];\n" + kBrought + kHandOut)
                  .faults,
              "");
}

TEST(BulkLoads, AreLeftAloneUntilSomebodyHasWaited) {
    for (const std::string touch : {"ld.shared.u32 %r4, [%r1];", "st.shared.u32 [%r1], 1;",
                                    "atom.shared.exch.b32 %r4, [%r1], 0;"}) {
        EXPECT_THAT(ran_bulk(kExpect + kBring + "#7\n" + touch + "\n" + kBrought).faults,
                    HasSubstr("async hazard: line 7"))
            << touch;
    }
    EXPECT_THAT(ran_bulk(kExpect + kBring + kBlockBarrier + kHandOut).faults,
                HasSubstr("async hazard: line 7"));
    // Of the second half, one warp waits and the other looks: nothing orders the two.
    EXPECT_THAT(ran_bulk(kExpect + kBring + "setp.gt.u32 %p3, %t, 31; @%p3 bra L;\n" + kBrought +
                         "L:\n" + kHandOut)
                    .faults,
                HasSubstr("line 7"));
    EXPECT_THAT(
        ran_bulk(kExpect + kBring + "#8\nst.global.u32 [%d1], 77;\n" + kBrought + kHandOut).faults,
        HasSubstr("line 5 (thread 0) copies from, or to, was changed before"));
}

TEST(BulkLoads, BringAsManyBytesAsAreExpected) {
    EXPECT_THAT(ran_bulk(mutated(kExpect, "512", 0, "256") + kBring + kBrought).faults,
                HasSubstr("line 5 (thread 0) brings more bytes than the mbarrier expects"));
    EXPECT_THAT(ran_bulk("#4\n" + mutated(kExpect, "512", 0, "528") + kBring + kBrought).faults,
                HasSubstr("line 4 (thread 0) makes an mbarrier expect 16 bytes more than are "
                          "copied"));
    // Nobody spoke of them: the phase may be over before they come.
    EXPECT_THAT(ran_bulk(kBring + "#4\n@!%p1 mbarrier.arrive.shared::cta.b64 _, [m];\n" + kBrought +
                         kHandOut)
                    .faults,
                HasSubstr("line 4 (thread 0) ends a phase that more bytes come to"));
    EXPECT_THAT(
        ran_bulk("@!%p1 mbarrier.arrive.shared::cta.b64 _, [m];\n" + kBring + kBrought + kHandOut)
            .faults,
        HasSubstr("async hazard: line 7"));
}

TEST(BulkLoads, LieAtMultiplesOfSixteenAndWithinBothMemories) {
    const auto with = [](std::string_view piece, std::string_view instead) {
        return ran_bulk(kExpect + mutated(kBring, piece, 0, instead)).faults;
    };
    EXPECT_THAT(with("[%a]", "[%a+4]"), HasSubstr("line 5 (thread 0) accesses 16 bytes at byte 4"));
    EXPECT_THAT(with("[s]", "[s+8]"), HasSubstr("line 5 (thread 0) accesses 16 bytes at byte 8"));
    EXPECT_THAT(with("[%a]", "[%a+32]"), HasSubstr("reads 16 bytes, 16 bytes past the end of a"));
    EXPECT_THAT(with("[s]", "[s+64]"), HasSubstr("past the end of shared memory"));
    EXPECT_THAT(ran_bulk("mov.u32 %r10, 24;\n" + kBring).faults,
                HasSubstr("line 5 (thread 0) copies 24 bytes, no multiple of 16"));
    EXPECT_THAT(with("[m]", "[m+8]"), HasSubstr("uses an mbarrier that nobody initialised"));
}

TEST(BulkLoads, CarryDoubtAlong) {
    EXPECT_THAT(ran_bulk(kExpect + kBring + kBrought + kHandOut, 0, Role::Scratch).faults,
                HasSubstr("256 of 528 bytes of b come from memory that nobody wrote"));
    EXPECT_THAT(ran_bulk(kExpect + kBring + kBrought +
                             "#7\nld.shared.u32 %r4, [%r1];\n"
                             "#8\nsetp.eq.u32 %p4, %r4, 5; @%p4 bra E; E:\n",
                         0, Role::Scratch)
                    .faults,
                HasSubstr("line 8 (thread 0) decides by a value that nobody wrote"));
}

// Two readers of the first phase are told of by nothing when the buffer is filled again.
TEST(BulkLoads, FillABufferAgainWhenItsReadersHaveSaidSo) {
    const std::string again = "#9\n" + mutated(kBring, "#5\n");
    const std::string first = kExpect + kBring + kBrought + kHandOut;
    EXPECT_EQ(ran_bulk(first + kBlockBarrier + kExpect + again).faults, "");
    EXPECT_THAT(ran_bulk(first + kExpect + again).faults,
                HasSubstr("line 9 (thread 0) writes what line 7"));
    // What was written there by threads needs the fence as well.
    EXPECT_THAT(ran_bulk(kFillShared + kBlockBarrier + kExpect + again).faults,
                HasSubstr("line 9 (thread 0) copies to where line 3"));
    EXPECT_EQ(ran_bulk(kFillShared + kProxyFence + kBlockBarrier + kExpect + again).faults, "");
}

TEST(BulkStores, TakeWhatWasFenced) {
    const Ran ran = ran_bulk(kFillShared + kProxyFence + kBlockBarrier + kBulkStore + kSourceFree);
    EXPECT_EQ(ran.faults, "");
    EXPECT_EQ(ran.b[63], 70U);
    EXPECT_EQ(ran.b[64], 0U);
    const std::string words = "line 6 (thread 0) copies what line 3";
    EXPECT_THAT(ran_bulk(kFillShared + kBlockBarrier + kBulkStore + kSourceFree).faults,
                HasSubstr(words));
    EXPECT_THAT(
        ran_bulk(kProxyFence + kFillShared + kBlockBarrier + kBulkStore + kSourceFree).faults,
        HasSubstr(words));
    EXPECT_THAT(ran_bulk(kFillShared + "fence.proxy.async.global;\n" + kBlockBarrier + kBulkStore +
                         kSourceFree)
                    .faults,
                HasSubstr(words));
    EXPECT_THAT(
        ran_bulk(kFillShared + "membar.cta;\n" + kBlockBarrier + kBulkStore + kSourceFree).faults,
        HasSubstr(words));
    EXPECT_EQ(
        ran_bulk(kFillShared + "fence.proxy.async;\n" + kBlockBarrier + kBulkStore + kSourceFree)
            .faults,
        "");
    // Whoever copies may make it, or a third one, on the way that orders the two.
    EXPECT_EQ(
        ran_bulk(kFillShared + kBlockBarrier + "@!%p1 " + kProxyFence + kBulkStore + kSourceFree)
            .faults,
        "");
    const std::string last = "setp.eq.u32 %p3, %t, 63; @%p3 " + kProxyFence;
    EXPECT_EQ(
        ran_bulk(kFillShared + kBlockBarrier + last + kBlockBarrier + kBulkStore + kSourceFree)
            .faults,
        "");
    EXPECT_THAT(ran_bulk(kFillShared + kBlockBarrier + last + kBulkStore + kSourceFree).faults,
                HasSubstr(words));
    // No barrier: a race, fence or not.
    EXPECT_THAT(ran_bulk(kFillShared + kProxyFence + kBulkStore + kSourceFree).faults,
                HasSubstr("shared race"));
}

TEST(BulkStores, AreWaitedFor) {
    const std::string begun = kFillShared + kProxyFence + kBlockBarrier + kBulkStore;
    EXPECT_THAT(ran_bulk(begun).faults,
                HasSubstr("(thread 0) ends while shared memory is still copied from"));
    EXPECT_THAT(
        ran_bulk(begun + kBlockBarrier + "st.shared.u32 [%r1], 1;\n" + kBlockBarrier + kSourceFree)
            .faults,
        HasSubstr("line 6 (thread 0) copies from, or to, was changed before"));
    EXPECT_EQ(ran_bulk(begun + kSourceFree + kBlockBarrier + "st.shared.u32 [%r1], 1;\n").faults,
              "");
    // That its source is free does not say that it has arrived.
    const std::string look = kBlockBarrier + "#8\nld.global.u32 %r4, [%d2];\n";
    EXPECT_THAT(ran_bulk(begun + kSourceFree + look).faults, HasSubstr("async hazard: line 8"));
    EXPECT_EQ(ran_bulk(begun + kStored + look).faults, "");
    // Two groups, of which one may stay open.
    const std::string second = mutated(mutated(kBulkStore, "[%b]", 0, "[%b+256]"), "#6\n");
    const std::string two = begun + second;
    EXPECT_EQ(ran_bulk(two + mutated(kStored, "0", 0, "1") + look + kSourceFree).faults, "");
    EXPECT_THAT(ran_bulk(two + mutated(kSourceFree, "0", 0, "1")).faults, HasSubstr("ends while"));
}

TEST(BulkCopies, OfOtherKindsAreRefusedByName) {
    const auto refusal = [](const std::string& body) {
        Trial trial(bulk_text(body));
        return trial.refusal({.kernel = "k",
                              .grid = {1, 1, 1},
                              .block = {64, 1, 1},
                              .arguments = {argument(0), argument(0), argument(0)}});
    };
    EXPECT_THAT(refusal("cp.async.bulk.tensor.1d.shared::cluster.global.mbarrier::complete_tx::"
                        "bytes [s], [%a, {%r1}], [m];\n"),
                HasSubstr("tensor"));
    EXPECT_THAT(refusal("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes."
                        "multicast::cluster [s], [%a], 16, [m], %h1;\n"),
                HasSubstr("cluster of several blocks"));
    EXPECT_THAT(refusal("cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes "
                        "[s], [s], 16, [m];\n"),
                HasSubstr("cluster of several blocks"));
    for (const std::string other :
         {"cp.async.bulk.global.shared::cta.bulk_group.cp_mask [%a], [s], 16, %h1;",
          "cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u32 [%a], [s], 16;",
          "cp.async.bulk.prefetch.L2.global [%a], 16;", "cp.async.bulk.wait_all;",
          "cp.async.bulk.shared.global.mbarrier::complete_tx::bytes [s], [%a], 16, [m];",
          "mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [m], 16;",
          "mbarrier.arrive.expect_tx.relaxed.cta.shared::cta.b64 %d4, [m], 16;",
          "elect.sync %r4, 1;"}) {
        EXPECT_THAT(refusal(other + "\n"), HasSubstr("is not an instruction")) << other;
    }
}

TEST(Elections, HaveOneLaneOfThoseNamed) {
    std::set<std::uint32_t> seen;
    for (std::uint64_t seed = 0; seed < 12; seed++) {
        const Ran ran = ran_bulk(
            "elect.sync %r4|%p3, 0xffffffff; elect.sync _|%p4, -1;\n"
            "selp.u32 %r5, 1, 0, %p3; @%p4 add.u32 %r5, %r5, 2;\n"
            "mad.lo.u32 %r5, %r4, 4, %r5; st.global.u32 [%d2], %r5;\n",
            seed);
        EXPECT_EQ(ran.faults, "");
        const std::uint32_t leader = ran.b[0] / 4;
        for (std::uint32_t i = 0; i < 32; i++)
            EXPECT_EQ(ran.b[i], 4 * leader + (i == leader ? 3 : 0)) << seed;
        seen.insert(leader);
    }
    EXPECT_GT(seen.size(), 3U);  // PTX does not say which
}

}  // namespace
}  // namespace cupel::emulator

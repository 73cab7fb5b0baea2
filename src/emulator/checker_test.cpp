// SPDX-License-Identifier: Apache-2.0
// What each checker says, and what it leaves alone, on kernels of a few instructions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::faults;
using ::testing::HasSubstr;
using testing::kernel;
using ::testing::Not;
using testing::Trial;

struct Size {
    std::uint32_t blocks = 1;
    std::uint32_t threads = 64;
    Options options = {};
};

// In `a` lie 256 words, 0, 1, 2, ...; `b` is an output of 4 bytes for each thread, or other memory.
Report report_of(const std::string& body, const Size& shape = {}, Role role = Role::Scratch) {
    Trial trial(kernel(body));
    std::vector<std::uint32_t> words(256);
    for (std::uint32_t i = 0; i < words.size(); i++)
        words[i] = i;
    const BufferId a = trial.input("a", words);
    const BufferId b = trial.output("b", std::uint64_t{shape.blocks} * shape.threads * 4, role);
    Launch launch{.kernel = "k", .grid = {shape.blocks, 1, 1}, .block = {shape.threads, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    return trial.run(launch, shape.options);
}
std::string faults_of(const std::string& body, const Size& shape = {}, Role role = Role::Scratch) {
    return faults(report_of(body, shape, role));
}

// %r1: the address of this thread's word in `s`, %r2 that of the thread's in the other warp.
const std::string kShared =
    ".shared .align 8 .b8 s[256];\n"
    "mov.u32 %r9, s; shl.b32 %r1, %t, 2; xor.b32 %r2, %r1, 128;\n"
    "add.u32 %r1, %r1, %r9; add.u32 %r2, %r2, %r9;\n";

TEST(Races, BetweenWarpsNeedABarrier) {
    const std::string write = "#31\nst.shared.u32 [%r1], %t;\n";
    const std::string read = "#27\nld.shared.u32 %r3, [%r2];\n";
    EXPECT_EQ(faults_of(kShared + write + "bar.sync 0;\n" + read), "");
    EXPECT_THAT(faults_of(kShared + write + read),
                HasSubstr("shared race: line 27 (thread 32) reads what line 31 (thread 0) writes, "
                          "no barrier between"));
    EXPECT_THAT(faults_of(kShared + "st.shared.u32 [%r1], %t; bar.sync 0;\n" + read +
                          "#31\nst.shared.u32 [%r1], 7;"),
                HasSubstr("shared race: line 31 (thread 0) writes what line 27 (thread 32) reads"));
}

TEST(Races, OfAWriteToWhatManyWarpsHaveReadAreSeen) {
    // Four warps read one word between two barriers, then one of the last to come writes to it.
    const std::string reads = kShared +
                              "setp.ne.u32 %p1, %t, 0; @!%p1 st.shared.u32 [s], 3; bar.sync 0;\n" +
                              "#27\nld.shared.u32 %r3, [s];\n";
    const std::string write = "setp.ne.u32 %p1, %t, 64; #31\n@!%p1 st.shared.u32 [s], 4;\n";
    EXPECT_EQ(faults_of(reads + "bar.sync 0;\n" + write, {.threads = 128}), "");
    EXPECT_THAT(faults_of(reads + write, {.threads = 128}),
                HasSubstr("shared race: line 31 (thread 64) writes what line 27 (thread"));
    EXPECT_THAT(faults_of(reads + "bar.sync 0;\n" + write + "#28\nld.shared.u32 %r3, [s];\n",
                          {.threads = 128, .options = {.seed = 4}}),
                HasSubstr("line 28 (thread"));
}

TEST(Races, OfOneThreadWithItselfAreNone) {
    EXPECT_EQ(
        faults_of(kShared +
                  "st.shared.u32 [%r1], 1; ld.shared.u32 %r3, [%r1]; st.shared.u32 [%r1], 2;"),
        "");
}

TEST(Races, AmongLanesOfAWarpNeedABarrierOfTheWarp) {
    const std::string lanes = kShared + "xor.b32 %r2, %r1, 4;\n";
    const std::string write = "st.shared.u32 [%r1], %t;\n";
    EXPECT_EQ(faults_of(lanes + write + "bar.warp.sync -1; ld.shared.u32 %r3, [%r2];"), "");
    EXPECT_THAT(faults_of(lanes + write + "ld.shared.u32 %r3, [%r2];"),
                HasSubstr("nothing orders these lanes of a warp"));
    // A shuffle orders no memory.
    EXPECT_THAT(faults_of(lanes + write +
                          "shfl.sync.bfly.b32 %r4, %t, 1, 31, -1; ld.shared.u32 %r3, [%r2];"),
                HasSubstr("nothing orders these lanes"));
    // Of half a warp orders only that half: lane 16's neighbour is 17, both in the upper one.
    const std::string half =
        lanes + write +
        "setp.lt.u32 %p1, %t, 16; @%p1 bra LOW; bar.warp.sync 0xFFFF0000; ld.shared.u32 %r3, [%r2];"
        "bra END; LOW: bar.warp.sync 0xFFFF; ld.shared.u32 %r3, [%r2+64]; END:";
    EXPECT_THAT(faults_of(half, {.threads = 32}), HasSubstr("reads what"));
    EXPECT_EQ(faults_of(testing::mutated(half, "[%r2+64]", 0, "[%r2]"), {.threads = 32}), "");
}

TEST(Races, OfEqualValuesAreAClassOfTheirOwn) {
    const std::string same = faults_of(kShared + "st.shared.u32 [s], 5;");
    EXPECT_THAT(same, HasSubstr("same-value race"));
    EXPECT_THAT(same, Not(HasSubstr("shared race")));
    EXPECT_THAT(faults_of(kShared + "st.shared.u32 [s], %t;"), Not(HasSubstr("same-value")));
}

// As libcu++ and others print it: the operation, or the space, before the order.
TEST(Races, AnOrderMayStandBehindTheOperation) {
    EXPECT_EQ(faults_of("mov.u32 %r1, 0; st.global.release.gpu.b32 [%b], %r1; "
                        "atom.add.acq_rel.gpu.u32 %r1, [%b], 1; atom.cas.acquire.gpu.b32 %r1, "
                        "[%b], 0, 0; atom.global.exch.relaxed.gpu.b32 %r1, [%b], 1;\n"
                        "ld.global.acquire.gpu.b32 %r1, [%b]; st.global.release.gpu.b32 [%b], 0; "
                        "red.add.release.gpu.u32 [%b], 1;\n",
                        {}, Role::Scratch),
              "");
}

TEST(Races, OfAtomicsAreNoneButWithAPlainAccessTheyAre) {
    const std::string zero =
        kShared + "setp.ne.u32 %p1, %t, 0; @!%p1 st.shared.u32 [s], 0; bar.sync 0;\n";
    const std::string add = "atom.shared.add.u32 %r3, [s], 1;\n";
    EXPECT_EQ(faults_of(zero + add + "bar.sync 0; ld.shared.u32 %r3, [s];"), "");
    EXPECT_THAT(faults_of(zero + add + "ld.shared.u32 %r3, [s];"), HasSubstr("shared race"));
}

// Strong reads of the same warp, before it and after it, or of two other warps, hide no plain one.
TEST(Races, OfAPlainReadAmongStrongOnesAreSeen) {
    const std::string begin = kShared +
                              "setp.ne.u32 %p1, %t, 0; @!%p1 st.shared.u32 [s], 0; bar.sync 0;\n"
                              "setp.ge.u32 %p1, %t, 96; @%p1 bra LAST;\n";
    const std::string strong = "ld.volatile.shared.u32 %r3, [s];\n";
    const std::string plain = "setp.ge.u32 %p2, %t, 32; #27\n@!%p2 ld.shared.u32 %r3, [s];\n";
    const std::string late = "setp.lt.u32 %p2, %t, 64; #27\n@!%p2 ld.shared.u32 %r3, [s];\n";
    const std::string end =
        "bra END; LAST: mov.u32 %r4, 0;\n"
        "LATER: add.u32 %r4, %r4, 1; setp.lt.u32 %p2, %r4, 500; @%p2 bra LATER;\n"
        "#31\natom.shared.add.u32 %r3, [s], 1; END:";
    const auto faults = [&](const std::string& reads) {
        return faults_of(begin + reads + end, {.threads = 128});
    };
    EXPECT_EQ(faults(strong), "");
    const auto seen = HasSubstr("line 31 (thread 96) writes what line 27 (thread");
    EXPECT_THAT(faults(strong + plain), seen);
    EXPECT_THAT(faults(plain + strong), seen);
    EXPECT_THAT(faults(strong + late), seen);
}

TEST(Races, OrderedByANamedBarrierOfSomeWarpsAreNoneForThose) {
    // Three warps; the first two meet at barrier 1.
    const std::string body =
        ".shared .align 4 .b8 s[512];\n"
        "mov.u32 %r9, s; shl.b32 %r1, %t, 2; add.u32 %r1, %r1, %r9;\n"
        "st.shared.u32 [%r1], %t; setp.ge.u32 %p1, %t, 64; @%p1 bra END;\n"
        "bar.sync 1, 64; xor.b32 %r2, %t, 32; shl.b32 %r2, %r2, 2; add.u32 %r2, %r2, %r9;\n"
        "#27\nld.shared.u32 %r3, [%r2+OFFSET]; END:";
    EXPECT_EQ(faults_of(testing::mutated(body, "OFFSET", 0, "0"), {.threads = 96}), "");
    EXPECT_THAT(faults_of(testing::mutated(body, "OFFSET", 0, "128"), {.threads = 96}),
                HasSubstr("shared race: line 27"));
}

TEST(Races, AnArrivalOrdersWhatCameBeforeItEvenWhereAllThreadsAreCounted) {
    // The first warp writes and goes on, the second waits for it and reads.
    const std::string body =
        ".shared .align 4 .b8 s[256];\n"
        "mov.u32 %r9, s; shl.b32 %r1, %t, 2; add.u32 %r1, %r1, %r9;\n"
        "setp.ge.u32 %p1, %t, 32; @%p1 bra READER;\n"
        "st.shared.u32 [%r1], %t; bar.arrive 1, 64; bra END;\n"
        "READER: bar.sync 1, 64;\n#27\nld.shared.u32 %r3, [%r1+-128]; END:";
    EXPECT_EQ(faults_of(body, {.threads = 64}), "");
    EXPECT_THAT(faults_of(testing::mutated(body, "st.shared.u32 [%r1], %t; bar.arrive 1, 64;", 0,
                                           "bar.arrive 1, 64; st.shared.u32 [%r1], %t;"),
                          {.threads = 64}),
                HasSubstr("shared race"));
}

// Block 0 writes and raises a flag, block 1 waits for it and reads.
std::string flag_kernel(const std::string& before_flag, const std::string& after_wait) {
    return "setp.ne.u32 %p1, %k, 0; @%p1 bra READER;\n#10\nst.global.u32 [%b+4], 7;" + before_flag +
           "\n#11\nst.volatile.global.u32 [%b], 1; bra END;\nREADER:\n"
           "WAIT: ld.volatile.global.u32 %r1, [%b]; setp.ne.u32 %p2, %r1, 1; @%p2 bra WAIT;" +
           after_wait + "\n#12\nld.global.u32 %r2, [%b+4]; st.global.u32 [%b+8], %r2; END:";
}
Report run_flag(const std::string& body, std::uint64_t seed) {
    Trial trial(kernel(body));
    const BufferId b = trial.input("b", std::vector<std::uint32_t>{0, 0, 0, 0}, Role::InOut);
    Launch launch{.kernel = "k", .grid = {2, 1, 1}};
    launch.arguments = {Address{b}, Address{b}, argument(0)};
    return trial.run(launch, {.seed = seed, .budget = 10'000'000});
}

TEST(Races, BetweenBlocksAreOrderedByFencesAroundAFlag) {
    for (std::uint64_t seed = 0; seed < 4; seed++) {
        EXPECT_EQ(faults(run_flag(flag_kernel("membar.gl;", "membar.gl;"), seed)), "");
        EXPECT_THAT(faults(run_flag(flag_kernel("", "membar.gl;"), seed)),
                    HasSubstr("global race: line 12 (block 1 thread 0) reads what line 10 (block 0 "
                              "thread 0) writes"));
        EXPECT_THAT(faults(run_flag(flag_kernel("membar.gl;", ""), seed)),
                    HasSubstr("global race: line 12"));
        EXPECT_THAT(faults(run_flag(flag_kernel("membar.cta;", "membar.gl;"), seed)),
                    HasSubstr("global race: line 12"));
    }
}

TEST(Scheduling, ALockAmongTheLanesOfAWarpIsTakenByAll) {
    Trial trial(kernel(
        "LOOP: atom.global.cas.b32 %r1, [%b], 0, 1; setp.ne.u32 %p1, %r1, 0; @%p1 bra LOOP;\n"
        "membar.gl; ld.global.u32 %r2, [%b+4]; add.u32 %r2, %r2, 1; st.global.u32 [%b+4], %r2;\n"
        "membar.gl; atom.global.exch.b32 %r1, [%b], 0;"));
    const BufferId b = trial.input("b", std::vector<std::uint32_t>{0, 0}, Role::InOut);
    Launch launch{.kernel = "k", .block = {1024, 1, 1}};
    launch.arguments = {Address{b}, Address{b}, argument(0)};
    EXPECT_EQ(faults(trial.run(launch)), "");
    EXPECT_EQ(trial.read<std::uint32_t>(b)[1], 1024U);
}

TEST(Barriers, InOneBranchOnlyAreDivergent) {
    EXPECT_THAT(
        faults_of("setp.lt.u32 %p1, %t, 16; @!%p1 bra END;\n#9\nbar.sync 0; END: bar.sync 1;",
                  {.threads = 32}),
        HasSubstr(
            "barrier divergence: the barrier at line 9 (thread 0) is reached by lanes 0x0000ffff"));
}

TEST(Barriers, BehindABranchThatEndedAreFine) {
    // The cold part lies behind, and jumps back: the group that is further back in the code waits.
    EXPECT_EQ(faults_of("setp.lt.u32 %p1, %t, 5; @%p1 bra COLD; BACK: bar.sync 0; bra END; COLD: "
                        "bra BACK; END:"),
              "");
}

TEST(Barriers, ThatNobodyElseReachesAreADeadlock) {
    EXPECT_THAT(faults_of("setp.lt.u32 %p1, %t, 32; @%p1 bra A;\n#4\nbar.sync 1; bra END; "
                          "A:\n#5\nbar.sync 2; END:"),
                HasSubstr("deadlock: line"));
}

TEST(Barriers, AfterAnEarlyExitAreOnlyNoted) {
    const Report report = report_of("setp.lt.u32 %p1, %t, 7; @%p1 ret; bar.sync 0;");
    EXPECT_EQ(faults(report), "");
    ASSERT_EQ(report.findings.size(), 2U);  // that, and that `a` is never read
    EXPECT_THAT(report.findings[0].text, HasSubstr("7 of 64 have exited before"));
}

TEST(Masks, ThatLeaveOutTheCallerOrNameTheAbsentAreErrors) {
    EXPECT_THAT(faults_of("#3\nshfl.sync.bfly.b32 %r1, %t, 1, 31, 0xFFFF;", {.threads = 32}),
                HasSubstr("mask error: line 3 (thread 16) takes part in shfl.sync.bfly.b32"));
    EXPECT_THAT(
        faults_of("setp.lt.u32 %p1, %t, 20; @!%p1 bra WAIT;\n#3\nvote.sync.any.pred %p2, %p1, -1; "
                  "bra END;"
                  "WAIT: bar.sync 1, 64; END:",
                  {.threads = 32}),
        HasSubstr(
            "mask error: line 3 (thread 0) waits in vote.sync.any.pred for lanes 0xfff00000"));
    // PTX waits only for lanes that have not exited.
    EXPECT_EQ(faults_of("setp.ge.u32 %p1, %t, 20; @%p1 ret; shfl.sync.down.b32 %r1, %t, 0, 31, -1;",
                        {.threads = 32}),
              "");
}

const std::string kStore =
    "shl.b32 %r5, %t, 2; cvt.u64.u32 %d5, %r5; add.u64 %d6, %b, %d5; st.global.u32 [%d6], %r1;";

TEST(Taint, IsSilentUntilSomethingDependsOnIt) {
    const std::string load = kShared + "ld.shared.u32 %r1, [%r1];\n";
    EXPECT_EQ(faults_of(load), "");
    EXPECT_EQ(faults_of(load + "selp.u32 %r1, %r1, 0, 0;\n" + kStore, {}, Role::Output), "");
    EXPECT_THAT(faults_of(load + "#9\n" + kStore, {}, Role::Output),
                HasSubstr("256 of 256 bytes of b come from memory that nobody wrote, the first at "
                          "byte 0, from line 9"));
    EXPECT_THAT(faults_of(load + "#8\nsetp.eq.u32 %p1, %r1, 0; @%p1 bra L; L:"),
                HasSubstr("uninitialised: line 8 (thread 0) decides by a value that nobody wrote"));
    EXPECT_THAT(
        faults_of(load +
                  "#8\ncvt.u64.u32 %d1, %r1; add.u64 %d1, %d1, %a; ld.global.u32 %r2, [%d1];"),
        HasSubstr("the address at line 8 (thread 0) comes from memory that nobody wrote"));
    EXPECT_THAT(faults_of("#6\nadd.u32 %r1, %r2, 1;\n" + kStore, {}, Role::Output),
                HasSubstr("nobody wrote"));
}

TEST(Taint, OfClocksReachesOutputsAlsoThroughDecisions) {
    const std::string told = "bytes of b depend on a clock";
    EXPECT_THAT(faults_of("mov.u32 %r1, %clock;\n" + kStore, {}, Role::Output), HasSubstr(told));
    EXPECT_THAT(faults_of("mov.u32 %r1, %smid;\n" + kStore, {}, Role::Output), HasSubstr(told));
    const std::string decide = "mov.u64 %d1, %globaltimer; setp.eq.u64 %p1, %d1, 77;\n";
    // Whichever way it went, and though neither value is tainted in itself.
    EXPECT_THAT(
        faults_of(decide + "mov.u32 %r1, 0; @%p1 mov.u32 %r1, 1;\n" + kStore, {}, Role::Output),
        HasSubstr(told));
    EXPECT_THAT(faults_of(decide + "mov.u32 %r1, 0; @!%p1 bra L; mov.u32 %r1, 1; L:\n" + kStore, {},
                          Role::Output),
                HasSubstr(told));
    EXPECT_THAT(
        faults_of(decide + "mov.u32 %r1, 0;\n#5\n@%p1 bra L;\n" + kStore + "L:", {}, Role::Scratch),
        HasSubstr("environment: line 5 (thread 0) decides by a clock"));
}

// A vector may bring along what nobody wrote: what counts is which of it is used.
TEST(Taint, OfAVectorIsThatOfEachElement) {
    const std::string fill =
        ".shared .align 16 .b8 s[16];\n"
        "mov.u32 %r1, 7; mov.u32 %r9, s;\n"
        "@%p1 st.shared.u32 [%r9], %r1; @%p1 st.shared.u32 [%r9+4], %r1;\n";
    const std::string first = "setp.eq.u32 %p1, %t, 0;\n";
    const std::string load = "bar.sync 0; ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%r9];\n";
    EXPECT_EQ(faults_of(first + fill + load + kStore, {}, Role::Output), "");
    EXPECT_THAT(faults_of(first + fill + load + "mov.u32 %r1, %r3;\n" + kStore, {}, Role::Output),
                HasSubstr("nobody wrote"));
}

// What a compiler's pragma calls unused is no access; whoever uses it all the same is told.
TEST(Taint, OfBytesThatAPragmaCallsUnusedIsNone) {
    const std::string race =
        ".shared .align 16 .b8 s[16];\n"
        "mov.u32 %r1, %t; mov.u32 %r9, s; setp.lt.u32 %p1, %t, 3; setp.eq.u32 %p2, %t, 40;\n"
        "shl.b32 %r2, %t, 2; add.u32 %r2, %r2, %r9; @%p1 st.shared.u32 [%r2], %r1; bar.sync 0;\n"
        "@%p2 st.shared.u32 [%r9+12], %r1;\n";
    const std::string load = "ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%r9];\n";
    EXPECT_THAT(faults_of(race + load + kStore, {}, Role::Output), HasSubstr("shared race"));
    const std::string pragma = ".pragma \"used_bytes_mask 4095\";\n";
    EXPECT_EQ(faults_of(race + pragma + load + kStore, {}, Role::Output), "");
    EXPECT_THAT(faults_of(race + pragma + load + "mov.u32 %r1, %r4;\n" + kStore, {}, Role::Output),
                HasSubstr("nobody wrote"));
    // Into the register of its own address.
    const std::string over = "ld.shared.v4.u32 {%r9, %r1, %r3, %r4}, [%r9];\n";
    EXPECT_EQ(
        faults_of(race + ".pragma \"used_bytes_mask 0xfff\";\n" + over + kStore, {}, Role::Output),
        "");
}

// Ordered or not, by whichever thread, before or after: the cache may hold what was there first.
TEST(Constants, MustNotBeWrittenInTheLaunchThatReadsThem) {
    const std::string place =
        "shl.b32 %r5, %t, 2; cvt.u64.u32 %d5, %r5; add.u64 %d6, %b, %d5; mov.u32 %r1, 7;\n";
    const std::string store = "#5\nst.global.u32 [%d6], %r1;\n";
    const std::string load = "#8\nld.global.nc.u32 %r2, [%d6];\n";
    const std::string told =
        "stale read: line 8 reads b through a cache that does not see what "
        "the launch writes (ld.global.nc, __ldg, const __restrict__), and "
        "line 5 (thread 0) writes byte 0 of it";
    EXPECT_THAT(faults_of(place + store + load, {}, Role::Scratch), HasSubstr(told));
    EXPECT_THAT(faults_of(place + store + "bar.sync 0;\n" + load, {}, Role::Scratch),
                HasSubstr(told));
    EXPECT_THAT(faults_of(place + load + store, {}, Role::Scratch), HasSubstr(told));
    EXPECT_EQ(faults_of(place + load, {}, Role::Scratch), "");
    EXPECT_EQ(faults_of(place + store + "#8\nld.global.u32 %r2, [%d6];\n", {}, Role::Scratch), "");
    // What is next to it may be written.
    const std::string half = "setp.lt.u32 %p1, %t, 32; @%p1 ";
    EXPECT_EQ(faults_of(place + half + "st.global.u32 [%d6], %r1;\n" +
                            "@!%p1 ld.global.nc.u32 %r2, [%d6];\n",
                        {}, Role::Scratch),
              "");
}

TEST(Taint, IsNotWashedOffByReductionsOfABlock) {
    EXPECT_THAT(
        faults_of("mov.u32 %r2, %clock; setp.gt.u32 %p1, %r2, 7; bar.red.popc.u32 %r1, 0, %p1;\n" +
                      kStore,
                  {}, Role::Output),
        HasSubstr("depend on a clock"));
}

TEST(Taint, OfWaitingByAClockIsNoFault) {
    EXPECT_EQ(faults_of("mov.u64 %d1, %globaltimer; L: nanosleep.u32 20; mov.u64 %d2, "
                        "%globaltimer; sub.u64 %d3, %d2, %d1;\n"
                        "setp.lt.u64 %p1, %d3, 100; @%p1 bra L; mov.u32 %r1, 3;\n" +
                            kStore,
                        {}, Role::Output),
              "");
}

// A copy of 16 bytes into shared memory for each of 16 threads.
const std::string kCopy =
    ".shared .align 16 .b8 s[1024];\n"
    "mov.u32 %r9, s; shl.b32 %r1, %t, 4; cvt.u64.u32 %d1, %r1; add.u64 %d1, %d1, %a; add.u32 %r1, "
    "%r1, %r9;\n"
    "cp.async.cg.shared.global [%r1], [%d1], 16; cp.async.commit_group;\n";

TEST(Async, CopiesMustBeWaitedForBeforeTheyAreRead) {
    const std::string read = "#9\nld.shared.u32 %r2, [%r1];\n";
    EXPECT_EQ(faults_of(kCopy + "cp.async.wait_group 0;\n" + read, {.threads = 16}), "");
    EXPECT_THAT(faults_of(kCopy + read, {.threads = 16}),
                HasSubstr("async hazard: line 9 (thread 0)"));
    EXPECT_THAT(faults_of(kCopy + "cp.async.wait_group 1;\n" + read, {.threads = 16}),
                HasSubstr("async hazard: line 9"));
    // By another thread only behind a barrier as well.
    const std::string other = "#9\nxor.b32 %r3, %r1, 16; ld.shared.u32 %r2, [%r3];\n";
    EXPECT_EQ(faults_of(kCopy + "cp.async.wait_all; bar.sync 0;\n" + other, {.threads = 16}), "");
    EXPECT_THAT(faults_of(kCopy + "cp.async.wait_all;\n" + other, {.threads = 16}),
                HasSubstr("shared race: line 9"));
    EXPECT_THAT(faults_of(kCopy + "bar.sync 0; cp.async.wait_all;\n" + other, {.threads = 16}),
                HasSubstr("shared race"));
}

TEST(Async, AnMbarrierOrdersThoseWhoArriveBeforeThoseWhoWait) {
    const std::string body = kShared +
                             ".shared .align 8 .b8 m[8];\nsetp.ne.u32 %p1, %t, 0; @%p1 bra L; "
                             "mbarrier.init.shared.b64 [m], 64; L: bar.sync 0;\n"
                             "st.shared.u32 [%r1], %t; mbarrier.arrive.shared.b64 %d1, [m];\n"
                             "W: mbarrier.test_wait.shared.b64 %p2, [m], %d1; @!%p2 bra "
                             "W;\n#9\nld.shared.u32 %r3, [%r2];";
    EXPECT_EQ(faults_of(body), "");
    EXPECT_EQ(faults_of(body, {.options = {.seed = 5}}), "");
    EXPECT_THAT(faults_of(testing::mutated(body, "@!%p2 bra W;")), HasSubstr("line 9 (thread"));
    EXPECT_THAT(faults_of(testing::mutated(body, "bar.sync 0;")), HasSubstr("race"));
    EXPECT_THAT(faults_of(testing::mutated(body, "%d1, [m];", 0, "%d1, [m], 65;")),
                HasSubstr("arrives at an mbarrier more often"));
}

TEST(Launches, PassOnWhatTheyWroteAndWhatIsDoubtfulOfIt) {
    Trial trial(kernel("ld.global.u32 %r1, [%a]; st.global.u32 [%b], %r1;"));
    const BufferId from = trial.input("from", std::vector<std::uint32_t>{5});
    const BufferId scratch = trial.output("scratch", 4, Role::Scratch);
    const BufferId out = trial.output("out", 4);
    const auto copy = [&](BufferId a, BufferId b) {
        return faults(
            trial.run({.kernel = "k", .arguments = {Address{a}, Address{b}, argument(0)}}));
    };
    EXPECT_THAT(copy(scratch, out), HasSubstr("bytes of out come from memory that nobody wrote"));
    EXPECT_EQ(copy(from, scratch), "");
    EXPECT_EQ(copy(scratch, out), "");
    EXPECT_EQ(trial.read<std::uint32_t>(out)[0], 5U);
}

TEST(Limits, ALoopWithoutEndMeetsTheBudget) {
    EXPECT_THAT(faults_of("L: bra L;", {.options = {.budget = 100'000}}),
                HasSubstr("not come to its end within 100000"));
}

TEST(Limits, BlocksThatWaitForOthersLeaveThemTheirTurn) {
    // Each of 64 blocks spins until the one before it has published, in any order of blocks.
    Trial trial(
        kernel("mul.wide.u32 %d1, %k, 4; add.u64 %d1, %d1, %b; setp.eq.u32 %p1, %k, 0; @%p1 bra "
               "GO;\nW: ld.volatile.global.u32 %r1, [%d1+-4]; setp.eq.u32 %p2, %r1, 0; @%p2 bra W;"
               "\nGO: atom.global.exch.b32 %r2, [%d1], 1;"));
    const BufferId b = trial.input("b", std::vector<std::uint32_t>(64), Role::InOut);
    const BufferId again = trial.input("c", std::vector<std::uint32_t>(64), Role::InOut);
    Launch launch{.kernel = "k", .grid = {64, 1, 1}, .block = {32, 1, 1}};
    for (const auto& [buffer, checks] : {std::pair(b, true), std::pair(again, false)}) {
        launch.arguments = {Address{buffer}, Address{buffer}, argument(0)};
        const Report report = trial.run(launch, {.seed = 3, .checks = checks, .budget = 1'000'000});
        EXPECT_EQ(faults(report), "");
    }
}

TEST(Limits, AnUncheckedLaunchStillStaysInsideItsMemory) {
    EXPECT_THAT(faults_of("st.global.u32 [%b+100000], 1; ld.global.u32 %r1, [%a+-8]; ld.shared.u32 "
                          "%r1, [1000000];"
                          "ld.u32 %r1, [%d1]; st.local.u32 [5], 1;",
                          {.options = {.checks = false}}),
                HasSubstr("out of bounds"));
}

TEST(Limits, WhatWasNotCheckedIsSaid) {
    EXPECT_EQ(report_of("", {.options = {.checks = false}}).checks_not_made.size(), 1U);
    EXPECT_TRUE(report_of("").checks_not_made.empty());
}

TEST(Limits, ABadLaunchIsAnErrorOfItsOwn) {
    Trial trial(kernel(""));
    EXPECT_THAT(trial.refusal({.kernel = "x"}), HasSubstr("no kernel 'x'"));
    EXPECT_THAT(trial.refusal({.kernel = "k"}), HasSubstr("3 parameters, found 0"));
    EXPECT_THAT(trial.refusal({.kernel = "k", .block = {1025, 1, 1}}),
                HasSubstr("at most 1024 threads"));
    EXPECT_THAT(trial.refusal({.kernel = "k", .grid = {0, 1, 1}}), HasSubstr("is 0"));
}

TEST(Findings, OfAnUnrolledLoopAreOneForEachPairOfLines) {
    std::string body = kShared + "#3\nst.shared.u32 [%r1], 1;\n#4\n";
    for (int i = 0; i < 8; i++)
        body += "ld.shared.u32 %r3, [%r2];\n";
    const Report report = report_of(body);
    ASSERT_EQ(report.findings.size(), 3U);      // two races, and that `a` is never read
    EXPECT_EQ(report.findings[0].events, 32U);  // the second warp's stores meet the first's loads
    EXPECT_EQ(report.findings[0].first.place.line, 3U);
    EXPECT_EQ(report.findings[0].second.place.line, 4U);
    EXPECT_EQ(report.findings[1].events, 32U * 8);  // and its loads the first's stores
    EXPECT_EQ(report.findings[1].first.place.line, 4U);
    EXPECT_EQ(report.findings[0].second.place.file, "k.cu");
}

}  // namespace
}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// Lines of the first cache, which no other block's writes reach. The second block reads of a line,
// the first one writes to it, and tells; the second block has seen that and reads again.
#include "emulator/first_cache.hpp"

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

// Words 0 and 1 of b lie in one line; at 256 and 512 are flags. Of `k`, thread 0 does the talking.
const std::string kMeeting =
    "setp.ne.u32 %p1, %t, 0; setp.eq.u32 %p2, %k, 0; @%p2 bra WRITES;\n"
    "#10\nld.global.u32 %r1, [%b+4];\n"
    "@%p1 bra SEEN;\n"
    "st.volatile.global.u32 [%b+512], 1;\n"
    "WAIT: ld.volatile.global.u32 %r2, [%b+256]; setp.eq.u32 %p3, %r2, 0; @%p3 bra WAIT;\n"
    "//seen\n"
    "SEEN: bar.sync 0;\n"
    "#20\nld.global.u32 %r3, [%b]; st.global.u32 [%b+384], %r3;\n"
    "ret;\n"
    "WRITES: @%p1 bra DONE;\n"
    "READ: ld.volatile.global.u32 %r2, [%b+512]; setp.eq.u32 %p3, %r2, 0; @%p3 bra READ;\n"
    "#15\nst.global.u32 [%b], 7;\n"
    "membar.gl; st.volatile.global.u32 [%b+256], 1;\n"
    "DONE: ret;\n";

std::string stale_in(const std::string& body, std::uint64_t seed = 1) {
    Trial trial(kernel(body));
    const BufferId a = trial.input("a", std::vector<std::uint32_t>(4));
    const BufferId b = trial.input("b", std::vector<std::uint32_t>(256), Role::InOut);
    const Launch launch{.kernel = "k",
                        .grid = {2, 1, 1},
                        .block = {1, 1, 1},
                        .arguments = {Address{a}, Address{b}, argument(0)}};
    return faults(trial.run(launch, {.seed = seed}));
}
std::string stale_with(const std::string& what, const std::string& instead) {
    return stale_in(mutated(kMeeting, what, 0, instead));
}

TEST(FirstCache, HasOldLinesUntilTheBlockFences) {
    for (std::uint64_t seed = 0; seed < 4; seed++) {
        EXPECT_THAT(stale_in(kMeeting, seed),
                    HasSubstr("stale read: line 20 (block 1 thread 0) reads what line 15 (block 0 "
                              "thread 0) has written, but the line may still be in the L1 cache: "
                              "line 10 of the block"));
    }
    EXPECT_EQ(stale_with("//seen", "membar.gl;"), "");
    EXPECT_EQ(stale_with("//seen", "fence.acq_rel.gpu;"), "");
    EXPECT_EQ(stale_with("//seen", "ld.acquire.gpu.global.u32 %r9, [%b+256];"), "");
    EXPECT_EQ(stale_with("//seen", "atom.acquire.gpu.global.add.u32 %r9, [%b+640], 1;"), "");
}

TEST(FirstCache, IsEmptiedByNothingLess) {
    for (const char* const less :
         {"fence.acq_rel.cta;", "fence.sc.cluster;", "membar.cta;", "fence.proxy.async;",
          "atom.release.gpu.global.add.u32 %r9, [%b+640], 1;", "red.global.add.u32 [%b+640], 1;",
          "ld.volatile.global.u32 %r9, [%b];"}) {
        EXPECT_THAT(stale_with("//seen", less), HasSubstr("L1 cache")) << less;
    }
}

TEST(FirstCache, IsAskedByPlainLoads) {
    EXPECT_EQ(stale_with("ld.global.u32 %r1, [%b+4]", "ld.global.u32 %r1, [%b+132]"), "");
    for (const char* const beyond : {"cg", "cv", "L1::no_allocate"})
        EXPECT_EQ(stale_with("ld.global.u32 %r1", std::string("ld.global.") + beyond + ".u32 %r1"),
                  "");
    EXPECT_EQ(stale_with("ld.global.u32 %r3", "ld.global.cg.u32 %r3"), "");
    EXPECT_THAT(stale_with("ld.global.u32 %r3", "ld.global.L1::no_allocate.u32 %r3"),
                HasSubstr("L1 cache"));
    EXPECT_THAT(stale_with("st.global.u32 [%b], 7", "red.global.add.u32 [%b], 7"),
                HasSubstr("L1 cache"));
    EXPECT_EQ(cached_as("ld.relaxed.cta.global.u32"), kBrings);
    EXPECT_EQ(cached_as("ld.relaxed.gpu.global.u32"), 0);
    EXPECT_EQ(cached_as("cp.async.ca.shared.global"), kBrings);
    EXPECT_EQ(cached_as("cp.async.cg.shared.global"), 0);
    EXPECT_EQ(cached_as("st.global.u32"), 0);
}

TEST(FirstCache, HasWhatTheBlockItselfWrote) {
    // The store goes through the cache, and into what that has of the line.
    const std::string own = mutated(kMeeting, "ld.global.u32 %r1, [%b+4]", 0,
                                    "ld.global.u32 %r1, [%b+4]; st.global.u32 [%b+8], 3");
    EXPECT_EQ(stale_in(mutated(own, "ld.global.u32 %r3, [%b]", 0, "ld.global.u32 %r3, [%b+8]")),
              "");
}

}  // namespace
}  // namespace cupel::emulator

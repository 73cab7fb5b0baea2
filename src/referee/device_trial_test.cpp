// SPDX-License-Identifier: Apache-2.0
#include "referee/device_trial.hpp"

#include <gmock/gmock.h>

#include "referee/emulator_client.hpp"

namespace cupel::referee {
namespace {

using testing::HasSubstr;
using verdict::Status;

// y = x + x; `bound` is how many threads may go on, `extra` stands before they do.
std::string doubling(const std::string& bound, const std::string& extra = "") {
    return R"(#pragma cupel launch doubling<<<ceil(N / 128), 128>>>(x, y, N)
.version 8.0
.target sm_80
.address_size 64
.visible .entry doubling(.param .u64 px, .param .u64 py, .param .u64 pn)
{
  .reg .pred %p<4>;
  .reg .b32 %r<8>;
  .reg .b64 %d<8>;
  .reg .f32 %f<4>;
  ld.param.u64 %d1, [px];
  ld.param.u64 %d2, [py];
  ld.param.u64 %d3, [pn];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %ctaid.x;
  mad.lo.u32 %r3, %r2, 128, %r1;
  cvt.u64.u32 %d4, %r3;
  setp.ge.u64 %p1, %d4, )" +
           bound + ";\n  @%p1 bra END;\n" + extra + R"(
  shl.b64 %d5, %d4, 2;
  add.u64 %d1, %d1, %d5;
  add.u64 %d2, %d2, %d5;
  ld.global.f32 %f1, [%d1];
  add.f32 %f2, %f1, %f1;
  st.global.f32 [%d2], %f2;
END:
  ret;
}
)";
}

task::Task doubling_task() {
    return task::parse(
               "task doubling(x: f32[N]) -> y: f32[N] where N = 4096\n"
               "y[i] = x[i] + x[i]\n",
               "twice.task")
        .value();
}

struct Told {
    DeviceTrial trial;
    int promising = 0;
};
Told asked_of(const std::string& source, int threads) {
    Told told;
    const DeviceOptions options{.threads = threads, .when_promising = [&] { told.promising++; }};
    auto trial = try_device(doubling_task(), {.source = source, .file_name = "twice.ptx"}, options);
    EXPECT_TRUE(trial) << trial.error().text;
    told.trial = *std::move(trial);
    return told;
}

TEST(DeviceTrial, AsksTheSameOfAKernelOnOneProcessorAndOnSeveral) {
    const Told one = asked_of(doubling("%d3"), 1);
    const Told three = asked_of(doubling("%d3"), 3);
    for (const Told& told : {one, three}) {
        EXPECT_EQ(told.trial.verdict.status, Status::Accepted) << told.trial.verdict.reason;
        EXPECT_EQ(told.trial.same_bits, true);
        EXPECT_EQ(told.promising, 1);
    }
    EXPECT_EQ(one.trial.verdict.evidence.questions, three.trial.verdict.evidence.questions);
    EXPECT_EQ(one.trial.shapes.size(), three.trial.shapes.size());
    EXPECT_EQ(one.trial.launches.front().counters.warp_instructions,
              three.trial.launches.front().counters.warp_instructions);
}

// Right where a warp is full: at the first shape, and not at those below.
TEST(DeviceTrial, EndsWithTheFirstFaultHoweverManyQuestionsAreAskedAtOnce) {
    for (const int threads : {1, 3}) {
        const Told told =
            asked_of(doubling("%d3", "setp.lt.u64 %p2, %d3, 32; @%p2 trap;"), threads);
        EXPECT_EQ(told.trial.verdict.status, Status::Crashed);
        EXPECT_THAT(told.trial.verdict.reason, HasSubstr("gives up"));
        EXPECT_EQ(told.promising, 1);
    }
}

TEST(DeviceTrial, PromisesNothingOfWhatIsWrongFromTheStart) {
    for (const int threads : {1, 3}) {
        const Told told = asked_of(doubling("4096", "trap;"), threads);
        EXPECT_EQ(told.trial.verdict.status, Status::Crashed);
        EXPECT_EQ(told.promising, 0);
        EXPECT_EQ(told.trial.verdict.evidence.questions, 0);
    }
}

}  // namespace
}  // namespace cupel::referee

// SPDX-License-Identifier: Apache-2.0
#include "referee/device_count.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace cupel::referee {
namespace {

using testing::HasSubstr;

// y = x + x, a thread for each element; `extra` stands before the store of %f2 to [%d2].
std::string twice(std::string_view extra) {
    return fmt::format(R"(#pragma cupel launch twice<<<ceil(N / 128), 128>>>(x, y, N)
.version 8.0
.target sm_80
.address_size 64
.visible .entry twice(.param .u64 px, .param .u64 py, .param .u64 pn)
{{
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
  setp.ge.u64 %p1, %d4, %d3;
  @%p1 bra END;
  shl.b64 %d5, %d4, 2;
  add.u64 %d1, %d1, %d5;
  add.u64 %d2, %d2, %d5;
  ld.global.f32 %f1, [%d1];
  add.f32 %f2, %f1, %f1;
  setp.gt.u64 %p2, %d3, 70000;
  {}
  st.global.f32 [%d2], %f2;
END:
  ret;
}}
)",
                       extra);
}

DeviceSample sample(std::string_view extra) {
    const task::Task task = task::parse(
                                "task twice(x: f32[N]) -> y: f32[N] where N = 1048576\n"
                                "y[i] = x[i] + x[i]\n",
                                "twice.task", {})
                                .value();
    const DeviceKernel kernel{.source = twice(extra), .file_name = "twice.ptx"};
    const auto trial = try_device(task, kernel, {});
    EXPECT_TRUE(trial) << trial.error().text;
    EXPECT_EQ(trial->verdict.status, verdict::Status::Accepted) << trial->verdict.reason;
    const auto sample = sample_device(task, kernel, {}, *trial);
    EXPECT_TRUE(sample) << sample.error().text;
    return *sample;
}

TEST(DeviceSample, FindsNothingInAnHonestKernel) {
    const DeviceSample found = sample("");
    EXPECT_EQ(found.why_not, "");
    EXPECT_FALSE(found.fault) << found.fault->what;
    ASSERT_EQ(found.launches.size(), 1U);
    EXPECT_EQ(found.launches.front().counted, 16U);
}

// It is right wherever it can be emulated whole.
TEST(DeviceSample, SeesAKernelThatDoesNothingAtTheTasksOwnSizes) {
    const DeviceSample found = sample("@%p2 bra END;");
    ASSERT_TRUE(found.fault);
    EXPECT_EQ(found.fault->status, verdict::Status::Wrong);
    EXPECT_THAT(found.fault->what, HasSubstr("at N=1048576 write nothing of y"));
}

TEST(DeviceSample, GivesNoBoundWhereOnlySomeOfItsShareIsWritten) {
    const DeviceSample found =
        sample("setp.gt.u32 %p3, %r1, 31; and.pred %p3, %p3, %p2; @%p3 bra END;");
    EXPECT_FALSE(found.fault);
    EXPECT_THAT(found.why_not, HasSubstr("write 25 % of their share of y"));
}

TEST(DeviceSample, SeesWhatIsOutOfBoundsThereOnly) {
    const DeviceSample beyond = sample("@%p2 add.u64 %d2, %d2, 4194304;");
    ASSERT_TRUE(beyond.fault);
    EXPECT_EQ(beyond.fault->status, verdict::Status::Crashed);
    EXPECT_THAT(beyond.fault->what, HasSubstr("out of bounds"));
    const DeviceSample input = sample("@%p2 mov.u64 %d2, %d1;");
    ASSERT_TRUE(input.fault);
    EXPECT_EQ(input.fault->law, 7);
}

}  // namespace
}  // namespace cupel::referee

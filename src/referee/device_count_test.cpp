// SPDX-License-Identifier: Apache-2.0
#include "referee/device_count.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "referee/device_whole.hpp"

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

task::Task twice_task(std::span<const task::Override> sizes = {}) {
    return task::parse(
               "task twice(x: f32[N]) -> y: f32[N] where N = 1048576\n"
               "y[i] = x[i] + x[i]\n",
               "twice.task", sizes)
        .value();
}

struct Tried {
    DeviceTrial trial;
    DeviceSample sample;
};

// At the scaled shapes, some blocks at the task's own sizes, and `whole`: all of it there.
Tried tried(std::string_view extra, bool whole, const std::string& before = {}) {
    const task::Task task = twice_task();
    const DeviceKernel kernel{.source = before + twice(extra), .file_name = "twice.ptx"};
    auto trial = try_device(task, kernel, {});
    EXPECT_TRUE(trial) << trial.error().text;
    EXPECT_EQ(trial->verdict.status, verdict::Status::Accepted) << trial->verdict.reason;
    const auto sample = sample_device(task, kernel, {.own_answers = whole});
    EXPECT_TRUE(sample) << sample.error().text;
    if (whole) {
        hold_to_own_sizes(*sample, *trial);
        EXPECT_TRUE(hold_whole(task, kernel, {}, *sample, *trial));
    }
    return {*trial, *sample};
}

DeviceSample sample(std::string_view extra) {
    return tried(extra, false).sample;
}

TEST(DeviceSample, FindsNothingInAnHonestKernel) {
    const DeviceSample found = sample("");
    EXPECT_EQ(found.why_not, "");
    EXPECT_FALSE(found.fault) << found.fault->what;
    ASSERT_EQ(found.launches.size(), 1U);
    EXPECT_EQ(found.launches.front().counted, 16U);
}

TEST(DeviceSample, TakesPtxBehindAByteOrderMark) {
    EXPECT_EQ(tried("", false, "\xEF\xBB\xBF").sample.why_not, "");
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

TEST(DeviceWhole, AsksAnHonestKernelAtTheTasksOwnSizesToo) {
    const DeviceTrial before = tried("", false).trial;
    const DeviceTrial after = tried("", true).trial;
    EXPECT_EQ(after.verdict.status, verdict::Status::Accepted) << after.verdict.reason;
    EXPECT_EQ(after.verdict.evidence.questions, before.verdict.evidence.questions + 1);
    EXPECT_EQ(after.shapes.back(), "own, some blocks: N=1048576");
}

// More blocks than the emulator tells apart: some of them are looked at as of any grid.
TEST(DeviceWhole, SamplesAnyGridAndEmulatesAsManyBlocksAsItCan) {
    const auto held = [](const task::Task& task, const std::string& launches,
                         const std::string& index) {
        std::string source = twice("");
        source.replace(0, source.find('\n') + 1, launches);
        const std::size_t at = source.find("mad.lo.u32");
        source.replace(at, source.find('\n', at) - at, index);
        const DeviceKernel kernel{.source = source, .file_name = "twice.ptx"};
        auto trial = try_device(task, kernel, {});
        EXPECT_TRUE(trial) << trial.error().text;
        const auto sample = sample_device(task, kernel, {.own_answers = true});
        EXPECT_TRUE(sample) << sample.error().text;
        hold_to_own_sizes(*sample, *trial);
        EXPECT_TRUE(hold_whole(task, kernel, {}, *sample, *trial));
        EXPECT_EQ(trial->verdict.status, verdict::Status::Accepted) << trial->verdict.reason;
        return *std::move(trial);
    };
    const task::Override large{.name = "N", .value = 5 << 20};
    const std::string one = "#pragma cupel launch twice<<<N, 1>>>(x, y, N)\n";
    EXPECT_EQ(held(twice_task(std::span(&large, 1)), one, "mov.u32 %r3, %r2;").shapes.back(),
              "own, some blocks: N=5242880");
    // More than the elements want, at this size only: they come to each several times.
    const std::string wraps = "rem.u32 %r2, %r2, 8192; mad.lo.u32 %r3, %r2, 128, %r1;";
    const std::string many =
        "#pragma cupel launch twice<<<max(ceil(N / 128), 80 * (N - 983040)), 128>>>(x, y, N)\n";
    const DeviceTrial several = held(twice_task(), many + many, wraps);
    ASSERT_FALSE(several.unchecked.empty());
    EXPECT_THAT(several.unchecked.back(), HasSubstr("5242880 blocks of one launch are too many"));
    EXPECT_EQ(several.shapes.back(), "nearest: N=524288");
}

// None of them does anything else at the sizes that are tried before.
TEST(DeviceWhole, FindsWhatIsWrongAtTheTasksOwnSizesOnly) {
    for (const std::string& extra : {
             std::string("@%p2 mul.f32 %f2, %f2, 0f3F7FFFF0;"),  // 1 - 2^-20
             std::string("setp.gt.u32 %p3, %r1, 31; and.pred %p3, %p3, %p2; @%p3 bra END;"),
             std::string("setp.gt.u32 %p3, %r2, 4000; @%p3 mov.f32 %f2, 0f00000000;"),
         }) {
        const DeviceTrial found = tried(extra, true).trial;
        EXPECT_EQ(found.verdict.status, verdict::Status::Wrong) << extra;
        EXPECT_THAT(found.verdict.reason, HasSubstr("(at N=1048576"));
    }
}

// What a later launch does to an answer no block of an earlier one shows.
TEST(DeviceWhole, EmulatesAllOfSeveralLaunches) {
    const std::string again = "#pragma cupel launch twice<<<ceil(N / 128), 128>>>(x, y, N)\n";
    const DeviceTrial honest = tried("", true, again).trial;
    EXPECT_EQ(honest.verdict.status, verdict::Status::Accepted) << honest.verdict.reason;
    EXPECT_EQ(honest.shapes.back(), "own: N=1048576");
    const DeviceTrial wrong = tried("@%p2 mul.f32 %f2, %f2, 0f3F7FFFF0;", true, again).trial;
    EXPECT_EQ(wrong.verdict.status, verdict::Status::Wrong);
}

// Nothing comes of what the threads read there, so the answer is right.
TEST(DeviceWhole, WatchesForRacesToo) {
    const std::string again = "#pragma cupel launch twice<<<ceil(N / 128), 128>>>(x, y, N)\n";
    const std::string reads = "ld.param.u64 %d6, [py]; @%p2 ld.global.f32 %f3, [%d6];";
    const DeviceTrial racy = tried(reads, true, again).trial;
    EXPECT_EQ(racy.verdict.status, verdict::Status::Wrong);
    EXPECT_THAT(racy.verdict.reason, HasSubstr("global race"));
    EXPECT_THAT(racy.verdict.reason, HasSubstr("(at N=1048576"));
}

// As if there were more blocks than can be emulated; the sizes nearest to these that can be are
// these.
TEST(DeviceWhole, TriesTheNearestSizesWhereThereIsTooMuchToEmulate) {
    const task::Task task = twice_task();
    const auto held = [&](std::string_view extra) {
        Tried one = tried(extra, false);
        one.sample.launches.front().counters.warp_instructions = std::uint64_t{1} << 34;
        const DeviceKernel kernel{.source = twice(extra), .file_name = "twice.ptx"};
        EXPECT_TRUE(hold_whole(task, kernel, {}, one.sample, one.trial));
        return one.trial;
    };
    const DeviceTrial honest = held("");
    EXPECT_EQ(honest.verdict.status, verdict::Status::Accepted) << honest.verdict.reason;
    EXPECT_THAT(honest.unchecked.back(), HasSubstr("too many to emulate"));
    EXPECT_EQ(honest.shapes.back(), "nearest: N=1048576");
    const DeviceTrial wrong = held("@%p2 mul.f32 %f2, %f2, 0f3F7FFFF0;");
    EXPECT_EQ(wrong.verdict.status, verdict::Status::Wrong);
    EXPECT_THAT(wrong.verdict.reason, HasSubstr("(at N=1048576"));
}

}  // namespace
}  // namespace cupel::referee

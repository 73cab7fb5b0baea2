// SPDX-License-Identifier: Apache-2.0
#include "emulator/job.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace cupel::emulator {
namespace {

using ::testing::HasSubstr;

// y[i] = a * x[i] + k, one block of n threads.
constexpr std::string_view kScale = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry scale(.param .u64 x, .param .u64 y, .param .f32 a, .param .u32 k) {
.reg .b32 %r<4>; .reg .b64 %rd<8>; .reg .f32 %f<6>;
ld.param.u64 %rd1, [x];
ld.param.u64 %rd2, [y];
ld.param.f32 %f1, [a];
ld.param.u32 %r2, [k];
mov.u32 %r1, %tid.x;
mul.wide.u32 %rd3, %r1, 4;
cvta.to.global.u64 %rd4, %rd1;
cvta.to.global.u64 %rd5, %rd2;
add.s64 %rd6, %rd4, %rd3;
add.s64 %rd7, %rd5, %rd3;
ld.global.f32 %f2, [%rd6];
cvt.rn.f32.u32 %f3, %r2;
fma.rn.f32 %f4, %f1, %f2, %f3;
st.global.f32 [%rd7], %f4;
ret;
}
)";

JobArgument buffer(std::uint32_t number, std::string text) {
    return {.kind = JobArgument::Kind::Buffer, .buffer = number, .text = std::move(text)};
}
JobArgument integer(std::int64_t value) {
    return {.kind = JobArgument::Kind::Integer, .integer = value, .text = std::to_string(value)};
}
JobArgument real(double value) {
    return {.kind = JobArgument::Kind::Real, .real = value, .text = std::to_string(value)};
}

Job scale_job() {
    Job job{.file = "scale.ptx", .ptx = std::string(kScale)};
    job.buffers = {{"x", Role::Input, 16}, {"y", Role::Output, 16}};
    const std::vector<float> x = {1, 2, 3, 4};
    const auto bytes = std::as_bytes(std::span(x));
    job.values.assign(bytes.begin(), bytes.end());
    job.launches.push_back({.kernel = "scale",
                            .grid = {},
                            .block = {.x = 4},
                            .arguments = {buffer(0, "x"), buffer(1, "y"), real(2), integer(1)},
                            .line = 7});
    job.budget = 1000;
    return job;
}

JobResult done(const Job& job) {
    auto result = run(job);
    EXPECT_TRUE(result) << (result ? "" : result.error().text);
    return result ? *std::move(result) : JobResult{};
}

std::vector<float> floats(const JobResult& result) {
    std::vector<float> values(result.answers.size() / sizeof(float));
    std::memcpy(values.data(), result.answers.data(), values.size() * sizeof(float));
    return values;
}

// As `const __grid_constant__ float* const x` becomes.
TEST(Job, APointerMayBeEightBytesThatAreAligned) {
    const std::string plain = ".param .u64 x,";
    Job job = scale_job();
    ASSERT_TRUE(job.ptx.contains(plain));
    job.ptx.replace(job.ptx.find(plain), plain.size(), ".param .align 8 .b8 x[8],");
    EXPECT_EQ(floats(done(job)), floats(done(scale_job())));
    job.ptx.replace(job.ptx.find(".align 8"), 8, ".align 4");
    EXPECT_THAT(done(job).refusal, HasSubstr("is no pointer"));
}

TEST(Job, RunsItsLaunchesAndReadsTheOutputs) {
    const JobResult result = done(scale_job());
    EXPECT_EQ(result.refusal, "");
    ASSERT_EQ(result.reports.size(), 1U);
    EXPECT_TRUE(result.reports[0].clean());
    EXPECT_EQ(floats(result), (std::vector<float>{3, 5, 7, 9}));
}

TEST(Job, IsTheSameAfterAWayThroughText) {
    const Job job = scale_job();
    auto again = job_from_json(job_to_json(job));
    ASSERT_TRUE(again) << again.error().text;
    again->ptx = job.ptx;
    again->values = job.values;
    const JobResult result = done(*again);
    EXPECT_EQ(result.answers, done(job).answers);

    const std::string text = encode(result);
    const auto read = decode_result(text);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(encode(*read), text);
}

TEST(Job, ArgumentsAreHeldToTheParameters) {
    const auto refusal = [](std::vector<JobArgument> arguments, std::string kernel = "scale") {
        Job job = scale_job();
        job.launches[0].arguments = std::move(arguments);
        job.launches[0].kernel = std::move(kernel);
        const JobResult result = done(job);
        EXPECT_EQ(result.line, 7);
        return result.refusal;
    };
    EXPECT_THAT(refusal({buffer(0, "x")}), HasSubstr("takes 4 arguments, and the launch gives 1"));
    EXPECT_THAT(refusal({buffer(0, "x"), buffer(1, "y"), real(2), buffer(0, "x")}),
                HasSubstr("x is an array, and the parameter"));
    EXPECT_THAT(refusal({buffer(0, "x"), buffer(1, "y"), real(2), integer(1LL << 40)}),
                HasSubstr("does not fit the parameter"));
    EXPECT_THAT(refusal({buffer(0, "x"), buffer(1, "y"), real(2), real(1)}),
                HasSubstr("does not fit the parameter"));
    EXPECT_THAT(refusal({}, "scales"), HasSubstr("no kernel scales in the file; it has scale"));
}

TEST(Job, AWholeNumberForARealIsThatReal) {
    Job job = scale_job();
    job.launches[0].arguments[2] = integer(3);
    EXPECT_EQ(floats(done(job)), (std::vector<float>{4, 7, 10, 13}));
}

TEST(Job, OutputsAreDueAfterTheLastLaunchOnly) {
    Job job = scale_job();
    job.buffers.push_back({"z", Role::Output, 16});
    job.launches.push_back(job.launches[0]);
    job.launches[1].arguments[0] = buffer(1, "y");
    job.launches[1].arguments[1] = buffer(2, "z");
    const JobResult result = done(job);
    ASSERT_EQ(result.reports.size(), 2U);
    EXPECT_TRUE(result.reports[0].clean());
    EXPECT_TRUE(result.reports[1].clean());
    EXPECT_EQ(floats(result), (std::vector<float>{3, 5, 7, 9, 7, 11, 15, 19}));

    job.launches.pop_back();  // nobody writes z, which no launch names
    const JobResult lacking = done(job);
    ASSERT_FALSE(lacking.reports[0].findings.empty());
    EXPECT_EQ(lacking.reports[0].findings[0].fault, Fault::NotWritten);
}

TEST(Job, ATextThatIsNotUnderstoodIsARefusalAndNoError) {
    Job job = scale_job();
    job.ptx = "garbage";
    const JobResult result = done(job);
    EXPECT_NE(result.refusal, "");
    EXPECT_EQ(result.line, 0);
}

TEST(Job, AResultThatLeavesSomethingOutIsNotTakenForIt) {
    const Job job = scale_job();
    const JobResult honest = done(job);
    EXPECT_TRUE(check_answers(job, honest));
    JobResult silent = honest;
    silent.reports.clear();
    EXPECT_FALSE(check_answers(job, silent));
    JobResult twice = honest;
    twice.reports.push_back(twice.reports[0]);
    EXPECT_FALSE(check_answers(job, twice));
    JobResult cut = honest;
    cut.answers.pop_back();
    EXPECT_FALSE(check_answers(job, cut));
    JobResult longer = honest;
    longer.answers.resize(1000);
    EXPECT_FALSE(check_answers(job, longer));

    Job endless = job;
    endless.budget = 2;
    const JobResult stopped = done(endless);
    EXPECT_FALSE(stopped.reports.at(0).finished);
    EXPECT_TRUE(check_answers(endless, stopped));
}

TEST(Job, ASampleCountsSomeBlocksOfALargeLaunch) {
    Job job = scale_job();
    const Counters one = done(job).reports.at(0).counters;
    job.launches[0].grid.x = 1'000'000;
    job.values.clear();
    job.sample = 10;
    const JobResult result = done(job);
    ASSERT_TRUE(result.refusal.empty()) << result.refusal;
    const Report& report = result.reports.at(0);
    EXPECT_TRUE(report.finished);
    EXPECT_EQ(report.blocks, 10U);
    EXPECT_EQ(report.counters.warp_instructions, 10 * one.warp_instructions);
    EXPECT_EQ(report.counters.global_sectors, 10 * one.global_sectors);
    EXPECT_TRUE(report.findings.empty());  // blocks write over each other, and nobody looks
    // The answers are what the blocks wrote, and lie where they say.
    const auto output = std::ranges::find(job.buffers, Role::Output, &JobBuffer::role);
    ASSERT_NE(output, job.buffers.end());
    std::uint64_t written = 0;
    for (const Stretch& stretch : sampled_stretches(result, *output))
        written += stretch.bytes;
    EXPECT_GT(written, 0U);
    EXPECT_EQ(result.answers.size(), written);
    EXPECT_TRUE(check_answers(job, result));
    JobResult beyond = result;
    for (Coverage& covered : beyond.reports[0].coverage)
        if (!covered.stretches.empty()) covered.stretches.back().offset = output->bytes;
    EXPECT_FALSE(check_answers(job, beyond));
    EXPECT_EQ(sampled_stretches(*decode_result(encode(result)), *output),
              sampled_stretches(result, *output));
    // Both ways through text, the number of blocks is kept.
    EXPECT_EQ(decode_result(encode(result))->reports.at(0).blocks, 10U);
    EXPECT_EQ(job_from_json(job_to_json(job))->sample, 10U);
    // A grid with fewer blocks than the sample is run whole.
    job.launches[0].grid.x = 3;
    EXPECT_EQ(done(job).reports.at(0).blocks, 3U);
    EXPECT_EQ(done(scale_job()).reports.at(0).blocks, 1U);
}

// What the first launch reads is read, though the last one reads something else.
TEST(Job, TellsWhatNoLaunchReadOfAnInput) {
    Job job = scale_job();
    job.buffers[0].bytes = 24;
    job.values.resize(24);
    job.launches[0].block.x = 2;
    job.launches.push_back(job.launches[0]);
    job.launches[0].block.x = 4;
    job.buffers[1].bytes = 8;
    job.buffers.push_back({"z", Role::Scratch, 16});
    job.launches[0].arguments[1] = buffer(2, "z");
    const JobResult result = done(job);
    EXPECT_EQ(unread_stretches(result, job.buffers[0]),
              (std::vector<Stretch>{{.offset = 16, .bytes = 8}}));
    EXPECT_TRUE(unread_stretches(result, job.buffers[1]).empty());  // no input
    EXPECT_EQ(unread_stretches(*decode_result(encode(result)), job.buffers[0]),
              unread_stretches(result, job.buffers[0]));
    EXPECT_TRUE(check_answers(job, result));
    JobResult beyond = result;
    for (Coverage& covered : beyond.reports.back().coverage)
        if (!covered.unread.empty()) covered.unread.back().bytes = 9;
    EXPECT_FALSE(check_answers(job, beyond));
    job.sample = 1;  // of all blocks, but only of these is nothing said
    EXPECT_TRUE(unread_stretches(done(job), job.buffers[0]).empty());
}

TEST(Job, ABlockThatWaitsForOthersIsNoSample) {
    Job job{.file = "wait.ptx", .ptx = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry wait(.param .u64 y) {
.reg .b32 %r<4>; .reg .b64 %rd<4>; .reg .pred %p<2>;
ld.param.u64 %rd1, [y];
cvta.to.global.u64 %rd2, %rd1;
atom.global.add.u32 %r1, [%rd2], 1;
L: ld.volatile.global.u32 %r2, [%rd2];
setp.lt.u32 %p1, %r2, 100;
@%p1 bra L;
ret;
}
)"};
    job.buffers = {{"y", Role::Output, 4}};
    job.launches.push_back(
        {.kernel = "wait", .grid = {.x = 100}, .block = {}, .arguments = {buffer(0, "y")}});
    job.budget = 100'000;
    job.sample = 2;
    const JobResult result = done(job);
    EXPECT_FALSE(result.reports.at(0).finished);
    EXPECT_EQ(result.reports.at(0).blocks, 0U);
}

TEST(Job, DamagedTextIsNamedAndNeverRead) {
    const std::string job = job_to_json(scale_job());
    const std::string result = encode(done(scale_job()));
    for (std::size_t i = 0; i < job.size(); i += 3)
        (void)job_from_json(job.substr(0, i));  // an error or another job, never a crash
    for (std::size_t i = 0; i < result.size(); i += 3)
        EXPECT_FALSE(decode_result(result.substr(0, i)));
    std::string other = result;
    other.replace(other.find("\"finished\""), 10, "\"finish_d\"");
    EXPECT_FALSE(decode_result(other));
    EXPECT_FALSE(job_from_json("{}"));
    EXPECT_FALSE(job_from_json("[1]"));
    EXPECT_FALSE(decode_result("{}\n"));
}

}  // namespace
}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// The GPU behind the interface, over a driver that is the emulator (tests/softcuda): everything but
// the silicon.
#include "driver/gpu.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <span>

#include "emulator/emulator.hpp"
#include "emulator/job.hpp"

namespace cupel::driver {
namespace {

using emulator::Fault;
using emulator::Job;
using emulator::JobArgument;
using emulator::JobResult;
using emulator::Role;
using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kCount = 64;

// Each of n threads has t and, in %rd6 and %rd7, the addresses of x[t] and y[t].
std::string kernel_text(const std::string& body) {
    return R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry k(.param .u64 x, .param .u64 y, .param .f32 a) {
.reg .pred %p<2>; .reg .b32 %r<4>; .reg .b64 %rd<12>; .reg .f32 %f<6>;
ld.param.u64 %rd1, [x];
ld.param.u64 %rd2, [y];
ld.param.f32 %f1, [a];
mov.u32 %r1, %tid.x;
mul.wide.u32 %rd3, %r1, 4;
cvta.to.global.u64 %rd4, %rd1;
cvta.to.global.u64 %rd5, %rd2;
add.s64 %rd6, %rd4, %rd3;
add.s64 %rd7, %rd5, %rd3;
)" + body + "ret;\n}\n";
}

// y = a x
constexpr const char* kScaled =
    "ld.global.f32 %f2, [%rd6]; mul.rn.f32 %f3, %f1, %f2; st.global.f32 [%rd7], %f3;\n";

Job job_of(const std::string& body) {
    Job job;
    job.file = "k.ptx";
    job.ptx = kernel_text(body);
    job.buffers = {{"x", Role::Input, kCount * 4}, {"y", Role::Output, kCount * 4}};
    std::vector<float> x(kCount);
    for (std::uint32_t i = 0; i < kCount; i++)
        x[i] = static_cast<float>(i) + 0.5F;
    const auto bytes = std::as_bytes(std::span(x));
    job.values.assign(bytes.begin(), bytes.end());
    emulator::JobLaunch launch;
    launch.kernel = "k";
    launch.block.x = kCount;
    launch.arguments = {{.kind = JobArgument::Kind::Buffer, .buffer = 0, .text = "x"},
                        {.kind = JobArgument::Kind::Buffer, .buffer = 1, .text = "y"},
                        {.kind = JobArgument::Kind::Real, .real = 2, .text = "2"}};
    job.launches.push_back(launch);
    job.budget = 100000;
    job.seed = 7;
    return job;
}

class GpuOverTheEmulator : public ::testing::Test {
protected:
    void SetUp() override {
        const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
        const std::filesystem::path library = folder / "libcupel_softcuda.so";
        ASSERT_TRUE(std::filesystem::exists(library)) << library;
        setenv("CUPEL_LIBCUDA", library.c_str(), 1);
    }
    void TearDown() override { unsetenv("CUPEL_LIBCUDA"); }

    static JobResult on_gpu(const Job& job) {
        auto driver = Driver::open();
        EXPECT_TRUE(driver) << (driver ? "" : driver.error().text);
        const auto gpu = make_gpu(*std::move(driver), job.seed);
        auto result = emulator::run(job, *gpu);
        EXPECT_TRUE(result) << (result ? "" : result.error().text);
        return result ? *std::move(result) : JobResult{};
    }
    static emulator::Finding only_finding(const std::string& body) {
        const JobResult result = on_gpu(job_of(body));
        EXPECT_THAT(result.reports, SizeIs(1));
        if (result.reports.size() != 1 || result.reports[0].findings.size() != 1) {
            ADD_FAILURE() << result.refusal;
            return {};
        }
        return result.reports[0].findings[0];
    }
};

TEST_F(GpuOverTheEmulator, AnswersAsTheEmulatorDoes) {
    Job job = job_of(kScaled);
    const JobResult here = on_gpu(job);
    const auto there = emulator::run(job);
    ASSERT_TRUE(there);
    EXPECT_EQ(here.refusal, "");
    ASSERT_THAT(here.reports, SizeIs(1));
    EXPECT_TRUE(here.reports[0].clean());
    EXPECT_THAT(here.answers, SizeIs(kCount * 4));
    EXPECT_EQ(here.answers, there->answers);
    EXPECT_THAT(here.seconds, IsEmpty());
}

// What is timed is what is answered: each time anew, from poison.
TEST_F(GpuOverTheEmulator, TimesEachRunAndAnswersFromTheLast) {
    Job job = job_of(kScaled);
    job.times = 3;
    const JobResult result = on_gpu(job);
    EXPECT_THAT(result.seconds, SizeIs(3));
    EXPECT_THAT(result.seconds, Each(Gt(0.0)));
    job.times = 0;
    EXPECT_EQ(result.answers, on_gpu(job).answers);

    // Whoever leaves half of it to an earlier run is left with poison.
    Job lazy =
        job_of("setp.ge.u32 %p1, %r1, 32; @%p1 bra end;\n" + std::string(kScaled) + "end:\n");
    lazy.times = 2;
    const JobResult half = on_gpu(lazy);
    ASSERT_THAT(half.answers, SizeIs(kCount * 4));
    const auto middle = half.answers.begin() + kCount * 2;
    EXPECT_TRUE(std::equal(half.answers.begin(), middle, result.answers.begin()));
    EXPECT_FALSE(std::equal(middle, half.answers.end(), result.answers.begin() + kCount * 2));
    lazy.seed = 8;  // the poison is another under another seed
    EXPECT_NE(on_gpu(lazy).answers, half.answers);
}

TEST_F(GpuOverTheEmulator, SeesWhatWasWrittenAroundABuffer) {
    const emulator::Finding behind =
        only_finding("add.s64 %rd7, %rd7, 4;\n" + std::string(kScaled));
    EXPECT_EQ(behind.fault, Fault::OutOfBounds);
    EXPECT_EQ(behind.text, "writes 0 bytes behind the end of y");
    const emulator::Finding before =
        only_finding("sub.s64 %rd7, %rd7, 8;\n" + std::string(kScaled));
    EXPECT_EQ(before.fault, Fault::OutOfBounds);
    EXPECT_THAT(before.text, HasSubstr("bytes before y"));
}

TEST_F(GpuOverTheEmulator, SeesAnInputThatWasWritten) {
    const emulator::Finding one =
        only_finding(std::string(kScaled) + "st.global.f32 [%rd6], %f3;\n");
    EXPECT_EQ(one.fault, Fault::WroteInput);
    EXPECT_THAT(one.text, HasSubstr("writes to the input x"));
}

TEST_F(GpuOverTheEmulator, SaysWhatTheDriverCallsAnIllegalAddress) {
    const JobResult result =
        on_gpu(job_of("mov.u64 %rd8, 64; st.global.f32 [%rd8], %f1;\n" + std::string(kScaled)));
    ASSERT_THAT(result.reports, SizeIs(1));
    EXPECT_FALSE(result.reports[0].finished);
    ASSERT_THAT(result.reports[0].findings, SizeIs(1));
    EXPECT_EQ(result.reports[0].findings[0].fault, Fault::OutOfBounds);
    EXPECT_THAT(result.answers, IsEmpty());
}

// What goes wrong only while it is timed is a verdict too, and no fault of ours.
TEST_F(GpuOverTheEmulator, WatchesTimedRunsAsWell) {
    const auto timed = [](const std::string& body, std::size_t launches = 1) {
        auto driver = Driver::open();
        EXPECT_TRUE(driver);
        const auto gpu = make_gpu(*std::move(driver), 7);
        const Job job = job_of(body);
        EXPECT_TRUE(gpu->load(job.ptx, job.file));
        const auto x = gpu->allocate({"x", Role::Input, kCount * 4, job.values});
        const auto y = gpu->allocate({"y", Role::Output, kCount * 4});
        EXPECT_TRUE(x && y);
        emulator::Launch launch{.kernel = "k"};
        launch.block.x = kCount;
        launch.arguments = {emulator::Address{*x}, emulator::Address{*y}, emulator::argument(2.0F)};
        const std::vector<emulator::Launch> all(launches, launch);
        const auto timing = gpu->time(all, 2);
        EXPECT_TRUE(timing) << (timing ? "" : timing.error().text);
        return timing ? *timing : emulator::Timing{};
    };
    const emulator::Timing behind = timed("add.s64 %rd7, %rd7, 4;\n" + std::string(kScaled));
    EXPECT_TRUE(behind.finished);
    ASSERT_THAT(behind.findings, SizeIs(1));
    EXPECT_EQ(behind.findings[0].text, "writes 0 bytes behind the end of y");
    const emulator::Timing astray = timed("mov.u64 %rd8, 64; st.global.f32 [%rd8], %f1;\n");
    EXPECT_FALSE(astray.finished);
    ASSERT_THAT(astray.findings, SizeIs(1));
    EXPECT_EQ(astray.findings[0].fault, Fault::OutOfBounds);
    // The second launch's calls tell of what the first one did.
    const emulator::Timing twice = timed("mov.u64 %rd8, 64; st.global.f32 [%rd8], %f1;\n", 2);
    EXPECT_FALSE(twice.finished);
    ASSERT_THAT(twice.findings, SizeIs(1));
    EXPECT_EQ(twice.findings[0].fault, Fault::OutOfBounds);
}

TEST_F(GpuOverTheEmulator, RefusesATextWithTheCompilersWords) {
    Job job = job_of(kScaled);
    job.ptx = "this is no PTX";
    EXPECT_THAT(on_gpu(job).refusal, HasSubstr("k.ptx"));
    job = job_of(kScaled);
    job.launches[0].kernel = "other";
    EXPECT_THAT(on_gpu(job).refusal, HasSubstr("there is no kernel other in the file; it has k"));
}

TEST(Driver, SaysThatThereIsNone) {
    setenv("CUPEL_LIBCUDA", "/nowhere/libcuda.so.1", 1);
    const auto driver = Driver::open();
    unsetenv("CUPEL_LIBCUDA");
    ASSERT_FALSE(driver);
    EXPECT_EQ(driver.error().code, Errc::Missing);
    EXPECT_THAT(driver.error().text, HasSubstr("no CUDA driver"));
}

}  // namespace
}  // namespace cupel::driver

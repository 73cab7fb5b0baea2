// SPDX-License-Identifier: Apache-2.0
#include "referee/device_coverage.hpp"

#include <gmock/gmock.h>

#include "referee/device_trial.hpp"

namespace cupel::referee {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kTask =
    "task evens(x: f32[N * 2], w: f32[N, 4]) -> y: f32[N] where N = 6\n"
    "y[i] = x[2 * i] + w[i, 0] + w[i, 1] + w[i, 2] + w[i, 3]\n";

task::Task evens() {
    return task::parse(kTask, "evens.task", {}).value();
}

emulator::Job job_of(const task::Task& task) {
    emulator::Job job;
    for (const task::TensorId input : task.inputs) {
        const task::Tensor& tensor = task.tensor(input);
        job.buffers.push_back({.name = tensor.name,
                               .role = emulator::Role::Input,
                               .bytes = static_cast<std::uint64_t>(tensor.bytes())});
    }
    return job;
}

emulator::JobResult result_of(std::vector<emulator::Stretch> of_x,
                              std::vector<emulator::Stretch> of_w) {
    emulator::JobResult result;
    emulator::Report& report = result.reports.emplace_back();
    report.coverage.push_back({.buffer = "x", .unread = std::move(of_x)});
    report.coverage.push_back({.buffer = "w", .unread = std::move(of_w)});
    return result;
}

TEST(Coverage, KeepsWhatNoRunRead) {
    const task::Task task = evens();
    const emulator::Job job = job_of(task);
    CoverageWatch watch(task);
    EXPECT_THAT(watch.take("N=6"), IsEmpty());
    watch.add(job, result_of({{.offset = 0, .bytes = 12}, {.offset = 20, .bytes = 28}}, {}));
    watch.add(job, result_of({{.offset = 8, .bytes = 16}}, {{.offset = 0, .bytes = 96}}));
    const auto found = watch.take("N=6");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].input, "x");
    EXPECT_EQ(found[0].runs, 2);
    EXPECT_EQ(found[0].elements, 12);
    EXPECT_EQ(found[0].unread, 2);  // bytes 8 to 12 and 20 to 24
    EXPECT_EQ(found[0].first, "x[2]");
    EXPECT_EQ(found[1].unread, 0);  // the first run read all of it
    EXPECT_THAT(coverage_words(found),
                ElementsAre("over 2 runs no thread reads 2 of the 12 elements of x, x[2] the "
                            "first (at N=6; so at 1 of 1 shapes)"));
}

TEST(Coverage, AnElementOfWhichAByteWasReadWasRead) {
    const task::Task task = evens();
    CoverageWatch watch(task);
    watch.add(job_of(task), result_of({{.offset = 1, .bytes = 6}}, {{.offset = 15, .bytes = 81}}));
    const auto found = watch.take("N=6");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].unread, 0);
    EXPECT_EQ(found[1].unread, 20);
    EXPECT_EQ(found[1].first, "w[1, 0]");
}

TEST(Coverage, NamesEachInputOnceWithTheShapesWhereItIsSo) {
    const InputCoverage all{.input = "b", .shape = "N=4", .runs = 1, .elements = 4};
    InputCoverage none = all;
    none.shape = "N=8";
    none.elements = none.unread = 8;
    none.first = "b[0]";
    EXPECT_THAT(coverage_words({all, none, none, all}),
                ElementsAre("over 1 run no thread reads any of the 8 elements of b, b[0] the "
                            "first (at N=8; so at 2 of 4 shapes)"));
    EXPECT_THAT(coverage_words({all}), IsEmpty());
}

// y[i] = x[2 i] + the sum of row i of w, in two launches; the first reads x.
constexpr std::string_view kEvens = R"(#pragma cupel launch first<<<1, N>>>(x, y)
#pragma cupel launch second<<<1, N>>>(w, y)
.version 8.0
.target sm_80
.address_size 64
.visible .entry first(.param .u64 px, .param .u64 py) {
  .reg .b32 %r<4>; .reg .b64 %d<8>; .reg .f32 %f<4>;
  ld.param.u64 %d1, [px];
  ld.param.u64 %d2, [py];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %d3, %r1, 8;
  add.u64 %d1, %d1, %d3;
  mul.wide.u32 %d3, %r1, 4;
  add.u64 %d2, %d2, %d3;
  ld.global.f32 %f1, [%d1];
  st.global.f32 [%d2], %f1;
  ret;
}
.visible .entry second(.param .u64 pw, .param .u64 py) {
  .reg .b32 %r<4>; .reg .b64 %d<8>; .reg .f32 %f<8>;
  ld.param.u64 %d1, [pw];
  ld.param.u64 %d2, [py];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %d3, %r1, 16;
  add.u64 %d1, %d1, %d3;
  mul.wide.u32 %d3, %r1, 4;
  add.u64 %d2, %d2, %d3;
  ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%d1];
  ld.global.f32 %f5, [%d2];
  add.f32 %f5, %f5, %f1;
  add.f32 %f5, %f5, %f2;
  add.f32 %f5, %f5, %f3;
  add.f32 %f5, %f5, %f4;
  st.global.f32 [%d2], %f5;
  ret;
}
)";

TEST(Coverage, IsToldOfARightKernelAndIsNoFault) {
    const auto trial =
        try_device(evens(), {.source = std::string(kEvens), .file_name = "evens.ptx"}, {});
    ASSERT_TRUE(trial.has_value()) << trial.error().text;
    EXPECT_EQ(trial->verdict.status, verdict::Status::Accepted) << trial->verdict.reason;
    ASSERT_EQ(trial->coverage.size(), 2 * trial->shapes.size());
    for (const InputCoverage& one : trial->coverage)
        EXPECT_EQ(one.unread, one.input == "x" ? one.elements / 2 : 0) << one.shape;
    EXPECT_EQ(trial->coverage[0].first, "x[1]");
    EXPECT_EQ(trial->coverage[0].runs, 11);
    const auto words = coverage_words(trial->coverage);
    ASSERT_EQ(words.size(), 1U);
    EXPECT_THAT(words[0], HasSubstr("6 of the 12 elements of x, x[1] the first (at N=6"));
}

}  // namespace
}  // namespace cupel::referee

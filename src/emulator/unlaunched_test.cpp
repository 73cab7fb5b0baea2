// SPDX-License-Identifier: Apache-2.0
// Kernels that are not emulated beside one that is: only their own launch is refused.
#include <gmock/gmock.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Trial;

constexpr std::string_view kBeside = R"(
.global .align 8 .u64 table[3] = {0, generic(f), g};
.func (.param .b32 r) f(.param .b32 a)
{ .reg .b32 %r<2>; ld.param.b32 %r1, [a]; st.param.b32 [r], %r1; ret; }
.func (.param .b32 r) g(.param .b32 a)
{
  .reg .b32 %r<3>;
  ld.param.b32 %r1, [a];
  .loc 1 31 1
  { .param .b32 p; st.param.b32 [p], %r1; .param .b32 q;
    call.uni (q), h, (p); ld.param.b32 %r2, [q]; }
  st.param.b32 [r], %r2;
  ret;
}
.func (.param .b32 r) h(.param .b32 a)
{
  .reg .b32 %r<3>;
  ld.param.b32 %r1, [a];
  { .param .b32 p; st.param.b32 [p], %r1; .param .b32 q;
    .loc 1 32 1
    call.uni (q), g, (p); ld.param.b32 %r2, [q]; }
  st.param.b32 [r], %r2;
  ret;
}
.visible .entry clusters() .explicitcluster .reqnctapercluster 2, 1, 1
{ .loc 1 33 1
  barrier.cluster.arrive; ret; }
.visible .entry recursion()
{
  .reg .b32 %r<2>;
  { .param .b32 p; st.param.b32 [p], 1; .param .b32 q;
    call.uni (q), g, (p); ld.param.b32 %r1, [q]; }
  ret;
}
.visible .entry pointer(.param .u64 to)
{
  .reg .b64 %d<2>; .reg .b32 %r<2>;
  ld.param.u64 %d1, [to];
  { .param .b32 p; st.param.b32 [p], 1; .param .b32 q;
    proto : .callprototype (.param .b32 _) _ (.param .b32 _);
    .loc 1 34 1
    call (q), %d1, (p), proto; ld.param.b32 %r1, [q]; }
  ret;
}
.visible .entry address()
{ .reg .b64 %d<2>;
  .loc 1 35 1
  mov.u64 %d1, f; ret; }
.visible .entry virtuals()
{ .reg .b64 %d<2>;
  .loc 1 36 1
  ld.global.u64 %d1, [table+8]; ret; }
.visible .entry jumps()
{ .reg .b32 %r<2>;
  .loc 1 37 1
  mov.u32 %r1, 0;
  targets: .branchtargets A, B;
  brx.idx %r1, targets;
  A: ret; B: ret; }
)";

TEST(Unlaunched, KernelsMayDoWhatIsNotEmulated) {
    Trial trial(testing::kernel("st.global.u32 [%b], 7;") + std::string(kBeside));
    const BufferId a = trial.input("a", std::vector<std::uint32_t>(4));
    const BufferId b = trial.output("b", 4);
    Launch launch{.kernel = "k", .grid = {1, 1, 1}, .block = {1, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(4U)};
    EXPECT_EQ(testing::faults(trial.run(launch)), "");
    EXPECT_EQ(trial.read<std::uint32_t>(b), std::vector{7U});
}

TEST(Unlaunched, TheirLaunchIsRefusedWithTheLineThatAPersonWrote) {
    const std::string text = testing::kernel("") + std::string(kBeside);
    for (const auto& [kernel, why, line] :
         {std::tuple{"clusters", "clusters of blocks (__cluster_dims__)", 33},
          std::tuple{"recursion", "recursion, of g, which", 32},
          std::tuple{"pointer", "a call through a pointer, which", 34},
          std::tuple{"address", "the address of a function", 35},
          std::tuple{"virtuals", "a table of virtual functions", 36},
          std::tuple{"jumps", "'brx.idx' is not an instruction", 37}}) {
        const std::string said = Trial(text).refusal(
            {.kernel = kernel, .grid = {1, 1, 1}, .block = {1, 1, 1}, .arguments = {}});
        EXPECT_THAT(said, AllOf(HasSubstr("error: "), HasSubstr(why),
                                HasSubstr(fmt::format(" (line {} of k.cu)\n", line))))
            << kernel;
    }
}

TEST(Unlaunched, WhatIsNoPtxIsRefusedAllTheSame) {
    for (const char* const wrong :
         {"p : .callprototype (.param .b32 _) _;", ".explicitcluster", ".reqnctapercluster 2,"}) {
        const auto device = make_emulator();
        const std::string text = testing::kernel("");
        const std::string entry = wrong[0] == 'p' ? std::string(".entry x() {") + wrong
                                                  : std::string(".entry x() ") + wrong;
        EXPECT_FALSE(device->load(text + entry, "t.ptx")) << wrong;
    }
}

}  // namespace
}  // namespace cupel::emulator

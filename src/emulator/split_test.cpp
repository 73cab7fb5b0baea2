// SPDX-License-Identifier: Apache-2.0
// Blocks on several threads: what is said of a launch is the same, however many there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::faults;
using ::testing::HasSubstr;
using testing::kernel;
using testing::Trial;

constexpr std::uint32_t kBlocks = 60;

struct Said {
    std::vector<std::uint32_t> answer;
    Report report;
};

// `a` holds 0, 1, 2, ...; `b` is a word for each thread, of zeros before the launch.
Said run_with(unsigned threads, const std::string& body, Options options = {}) {
    Trial trial(kernel(body));
    std::vector<std::uint32_t> words(kBlocks * 64);
    for (std::uint32_t i = 0; i < words.size(); i++)
        words[i] = i;
    const BufferId a = trial.input("a", words);
    const BufferId b = trial.input("b", std::vector<std::uint32_t>(words.size()), Role::InOut);
    Launch launch{.kernel = "k", .grid = {kBlocks, 1, 1}, .block = {64, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    options.threads = threads;
    Report report = trial.run(launch, options);
    return {.answer = trial.read<std::uint32_t>(b), .report = std::move(report)};
}

std::string in_words(const Said& said) {
    return testing::in_words(said.report);
}

const std::string kPlace =
    "mad.lo.u32 %r1, %k, 64, %t; mul.wide.u32 %d1, %r1, 4; add.u64 %d2, %d1, %a; add.u64 %d1, %d1, "
    "%b;\n";

struct Case {
    std::string name;
    std::string body;
    std::string says;  // of its findings
};

class Splits : public ::testing::TestWithParam<Case> {};

TEST_P(Splits, SayTheSameOnOneThreadAndOnFour) {
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{7}}) {
        for (const bool checks : {true, false}) {
            const Options options{.seed = seed, .checks = checks, .budget = 3'000'000};
            const Said one = run_with(1, GetParam().body, options);
            const Said four = run_with(4, GetParam().body, options);
            EXPECT_EQ(in_words(one), in_words(four));
            EXPECT_EQ(one.answer, four.answer);
            if (checks) {
                EXPECT_THAT(in_words(four), HasSubstr(GetParam().says));
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    Blocks, Splits,
    ::testing::Values(
        Case{"Apart",
             kPlace + "ld.global.u32 %r2, [%d2]; add.u32 %r2, %r2, 3; st.global.u32 [%d1], "
                      "%r2; ld.global.u32 %r3, [%d1]; st.global.u32 [%d1], %r3;",
             ""},
        // All read one word that a launch may write, and nobody does.
        Case{"ReadTogether",
             kPlace + "ld.global.u32 %r2, [%b+64]; add.u32 %r2, %r2, %k; setp.eq.u32 %p1, %k, 0; "
                      "@!%p1 st.global.u32 [%d1], %r2;",
             ""},
        Case{"OneWord", kPlace + "#5\nst.global.u32 [%b], %r1;", "global race: line 5 (thread"},
        Case{"NeighbourRead",
             kPlace + "#5\nst.global.u32 [%d1], %r1;\nsetp.eq.u32 %p1, %k, 59; @%p1 bra END;\n#6\n"
                      "ld.global.u32 %r2, [%d1+256]; END:",
             "global race: line"},
        Case{"LateRead",
             kPlace + "st.global.u32 [%d1], %r1; setp.ne.u32 %p1, %k, 59; @%p1 bra END;\n#6\n"
                      "ld.global.u32 %r2, [%b+4]; st.global.u32 [%d1], %r2; END:",
             "line 6 (block 59 thread 0)"},
        Case{"Atomics", kPlace + "atom.global.add.u32 %r2, [%b], 1; bar.sync 0;", ""},
        Case{"Bounds", kPlace + "#5\nld.global.u32 %r2, [%d2+300]; st.global.u32 [%d1], %r2;",
             "out of bounds: line 5"},
        Case{"InBlock",
             kPlace + "#5\nst.global.u32 [%d1], 1; xor.b32 %r3, %r1, 32; mul.wide.u32 %d3, %r3, 4; "
                      "add.u64 %d3, %d3, %b;\n#6\nld.global.u32 %r4, [%d3];",
             "global race: line 6"},
        Case{"Endless", kPlace + "setp.eq.u32 %p1, %k, 30; L: @%p1 bra L;", "not come to its end"},
        Case{"Clock", kPlace + "mov.u32 %r2, %clock; st.global.u32 [%d1], %r2;",
             "depend on a clock"}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// A plain load that begins a loop of compare-and-swap races with no atomic, and any other does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using ::testing::AllOf;
using testing::faults;
using ::testing::HasSubstr;
using testing::kernel;
using testing::Trial;

// Four blocks of 64 threads; %b is all theirs, and %r9 is where four words of 0 of the block are.
std::string guess_faults(const std::string& body) {
    Trial trial(
        kernel(".shared .align 16 .b32 s[4];\n"
               "mov.u32 %r9, s; setp.ne.u32 %p9, %t, 0;\n"
               "@!%p9 st.shared.v4.u32 [%r9], {0, 0, 0, 0}; bar.sync 0;\n" +
               body));
    const BufferId a = trial.input("a", std::vector<std::uint32_t>(256));
    const BufferId b = trial.output("b", 1024, Role::Scratch);
    Launch launch{.kernel = "k", .grid = {4, 1, 1}, .block = {64, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    return faults(trial.run(launch, {.budget = 100'000}));
}

// The pieces of the idiom, as NVRTC prints it; %r2 is what was guessed in this turn.
const std::string kGuessLoad = "#7\nld.shared.u32 %r1, [%r9];\n";
const std::string kGuessTurn = "L: mov.u32 %r2, %r1; add.s32 %r3, %r2, %t;\n";
const std::string kGuessSwap = "#9\natom.shared.cas.b32 %r1, [%r9], %r2, %r3;\n";
const std::string kGuessAgain = "setp.ne.s32 %p1, %r2, %r1; @%p1 bra L;\n";
const std::string kRaceOfGuess = "shared race: line 9";

TEST(Guess, TheIdiomOfTheProgrammingGuideIsNoRace) {
    EXPECT_EQ(guess_faults(kGuessLoad + kGuessTurn + kGuessSwap + kGuessAgain), "");
    // Asked the other way round, and the old value put to use once the swap has gone well.
    EXPECT_EQ(guess_faults(kGuessLoad + kGuessTurn + kGuessSwap +
                           "setp.eq.b32 %p1, %r1, %r2; @%p1 bra E; bra L;\n"
                           "E: mad.lo.u32 %r4, %k, 64, %t; mul.wide.u32 %d1, %r4, 4;\n"
                           "add.u64 %d1, %d1, %b; setp.eq.u32 %p2, %r4, 0;\n"
                           "@!%p2 st.global.u32 [%d1+0], %r2;\n"),
              "");
}

TEST(Guess, WhatIsPutToUseWithoutAskingIsARace) {
    EXPECT_THAT(guess_faults(kGuessLoad + kGuessTurn +
                             "and.b32 %r5, %r3, 12; cvt.u64.u32 %d1, %r5;\n"
                             "add.u64 %d1, %d1, %a; ld.global.u32 %r6, [%d1];\n" +
                             kGuessSwap + kGuessAgain),
                HasSubstr(kRaceOfGuess));
    // A decision by the guess.
    EXPECT_THAT(guess_faults(kGuessLoad + "setp.ge.u32 %p3, %r1, 40; @%p3 bra E;\n" + kGuessTurn +
                             kGuessSwap + kGuessAgain + "E:\n"),
                AllOf(HasSubstr(kRaceOfGuess), HasSubstr("is to be read as volatile")));
    EXPECT_THAT(guess_faults(kGuessLoad + "shfl.sync.idx.b32 %r8, %r1, 0, 31, -1;\n" + kGuessTurn +
                             kGuessSwap + kGuessAgain),
                HasSubstr(kRaceOfGuess));
    // An atomic that is no compare-and-swap takes it for good.
    EXPECT_THAT(guess_faults(kGuessLoad + kGuessTurn + kGuessSwap + kGuessAgain +
                             "#9\nred.shared.add.u32 [%r9], 1;\n"),
                "");
    EXPECT_THAT(guess_faults(kGuessLoad + "#9\nred.shared.add.u32 [%r9], %r1;\n"),
                HasSubstr(kRaceOfGuess));
    EXPECT_THAT(guess_faults(kGuessLoad + "#9\natom.shared.exch.b32 %r4, [%r9], %r1;\n"),
                HasSubstr(kRaceOfGuess));
}

TEST(Guess, ASwapOfWhichNobodyAsksHowItWentIsARace) {
    EXPECT_THAT(guess_faults(kGuessLoad + kGuessTurn + kGuessSwap), HasSubstr(kRaceOfGuess));
    EXPECT_THAT(guess_faults(kGuessLoad + kGuessTurn + "red.shared.add.u32 [%r9+4], 1;\n" +
                             kGuessSwap + "setp.ne.s32 %p1, %r3, %r1; @%p1 bra L;\n"),
                HasSubstr(kRaceOfGuess));
    // Another value is compared than the one that what is stored was computed from.
    EXPECT_THAT(
        guess_faults(kGuessLoad + kGuessTurn + "or.b32 %r2, %r2, 0;\n" + kGuessSwap + kGuessAgain),
        HasSubstr(kRaceOfGuess));
    EXPECT_THAT(
        guess_faults(kGuessLoad + kGuessTurn + "#9\natom.shared.cas.b32 %r4, [%r9], 0, %r3;\n"),
        HasSubstr(kRaceOfGuess));
}

TEST(Guess, BesideItAnotherReadOfTheWordIsSeen) {
    EXPECT_THAT(guess_faults(kGuessLoad + kGuessTurn + kGuessSwap + kGuessAgain +
                             "#8\nld.shared.u32 %r4, [%r9];\n"),
                HasSubstr("line 8"));
    EXPECT_THAT(guess_faults("#8\nld.shared.u32 %r4, [%r9];\n" + kGuessLoad + kGuessTurn +
                             kGuessSwap + kGuessAgain),
                HasSubstr("line 8"));
}

TEST(Guess, WithAPlainWriteItIsARace) {
    EXPECT_THAT(guess_faults("setp.ne.u32 %p2, %t, 0; #5\n@!%p2 st.shared.u32 [%r9], 0;\n" +
                             kGuessLoad + kGuessTurn + kGuessSwap + kGuessAgain),
                HasSubstr("line 5"));
}

}  // namespace
}  // namespace cupel::emulator

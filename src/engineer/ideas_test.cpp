// SPDX-License-Identifier: Apache-2.0
#include "engineer/ideas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engineer/note.hpp"

namespace cupel::engineer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kPlanHash = "3fa1c2d4e5f60718";

TEST(Ideas, AreReadOutOfWhateverStandsAroundThem) {
    EXPECT_THAT(read_ideas("Here you are:\nIDEA: pack b\n- **IDEA:** two rows at once\n"
                           "2. IDEA: `stream`\x01 y\nIDEA:\nNo idea: none\n",
                           5),
                ElementsAre("pack b", "two rows at once", "stream   y"));
    EXPECT_THAT(read_ideas("IDEA: a\nIDEA: b\nIDEA: c\n", 2), ElementsAre("a", "b"));
    EXPECT_EQ(read_ideas("IDEA: " + std::string(5000, 'x'), 1).at(0).size(), 240U);
    EXPECT_TRUE(read_ideas("", 3).empty());
    EXPECT_THAT(read_ideas("<think>\nIDEA: draft\n</think>\nIDEA: a\n", 3), ElementsAre("a"));
    EXPECT_TRUE(read_ideas("<think>\nIDEA: draft\n", 3).empty());
}

TEST(Ideas, StayAliveThroughTwoBrokenKernelsAndNotThroughThree) {
    Ideas ideas;
    ASSERT_EQ(ideas.add(kPlanHash, {"plan", "m"}, {"pack", "unroll"}), 2U);
    const std::string first = ideas.next("m")->id;
    EXPECT_EQ(first, "3fa1c2d4e5f6.1");
    ideas.take(first);
    EXPECT_EQ(ideas.next("m")->text, "unroll");
    ideas.failed(first, "kernel.cpp:3: no");
    // What did not fail yet comes first.
    EXPECT_EQ(ideas.next("m")->text, "unroll");
    ideas.succeeded(ideas.next("m")->id, 0);
    EXPECT_EQ(ideas.next("m")->text, "pack");
    EXPECT_EQ(ideas.next("m")->trouble, "kernel.cpp:3: no");
    ideas.failed(first, "kernel.cpp:4: no");
    ASSERT_NE(ideas.next("m"), nullptr);
    EXPECT_EQ(ideas.next("m")->trouble, "kernel.cpp:4: no");
    ideas.failed(first, "");
    EXPECT_EQ(ideas.next("m"), nullptr);
    EXPECT_FALSE(ideas.any_open("m"));
    // A kernel of it that was mended meanwhile is right after all.
    ideas.succeeded(first, 0.1);
    EXPECT_EQ(ideas.find(first)->state, Idea::State::Done);
}

TEST(Ideas, AreBarredAtOnceWhereTheirKernelBrokeALaw) {
    Ideas ideas;
    ideas.add(kPlanHash, {"plan", "m"}, {"keep the last answer", "pack"});
    const std::string id = ideas.next("m")->id;
    ideas.bar(id);
    ideas.succeeded(id, 0.5);
    EXPECT_EQ(ideas.find(id)->state, Idea::State::Barred);
    EXPECT_EQ(ideas.next("m")->text, "pack");
    EXPECT_EQ(ideas.account("m"), "- pack (not tried yet)\n");
    EXPECT_FALSE(ideas.may_tell("now keep the last answer", "m"));
    EXPECT_TRUE(ideas.may_tell("pack", "n"));
}

TEST(Ideas, OfWhoCheatsAreToldToNobodyElse) {
    Ideas ideas;
    ideas.add(kPlanHash, {"plan", "m"}, {"pack"});
    ideas.distrust("m");
    ideas.add("other", {"plan", "m"}, {"unroll"});
    EXPECT_EQ(ideas.next("n"), nullptr);
    EXPECT_FALSE(ideas.any_open("n"));
    EXPECT_EQ(ideas.account("n"), "");
    EXPECT_FALSE(ideas.may_tell("unroll", "n"));
    EXPECT_TRUE(ideas.any_open("m"));
    EXPECT_EQ(ideas.next("m")->text, "pack");
}

TEST(Ideas, AreTakenInOnceHoweverTheyAreSpelt) {
    Ideas ideas;
    EXPECT_EQ(ideas.add(kPlanHash, {"plan", "m"}, {"Pack B."}), 1U);
    EXPECT_EQ(ideas.add("other", {"plan", "m"}, {"pack b", "pack  B!"}), 0U);
}

TEST(Ideas, TellWhoPlansNextWhatBecameOfThem) {
    Ideas ideas;
    ideas.add(kPlanHash, {"plan", "m"}, {"one", "two", "three", "four"});
    ideas.succeeded("3fa1c2d4e5f6.1", 0.18232);
    ideas.succeeded("3fa1c2d4e5f6.2", 0);
    for (int i = 0; i < Ideas::kMostFailures; ++i)
        ideas.failed("3fa1c2d4e5f6.3", "");
    EXPECT_EQ(ideas.account("m"),
              "- one (+20 %)\n- two (right, but no faster)\n- three (no kernel of it was right)\n"
              "- four (not tried yet)\n");
    ideas.failed("nobody's", "");  // nothing
    EXPECT_EQ(ideas.find("nobody's"), nullptr);
}

TEST(Notes, SayAllThatIsNeededToReadAnAnswerLater) {
    for (const Note& note :
         {Note{.way = Operator::Translate, .repairs = 0, .idea = "", .parents = {}},
          Note{.way = Operator::Write, .repairs = 0, .idea = "3fa1.2", .parents = {"aa"}},
          Note{.way = Operator::Repair, .repairs = 2, .idea = "", .parents = {"aa", "bb"}}}) {
        EXPECT_EQ(read_note(print_note(note)), note) << print_note(note);
    }
    for (const char* text : {"", "write", "dance 0", "write x", "write 12"})
        EXPECT_FALSE(read_note(text).has_value()) << text;
}

}  // namespace
}  // namespace cupel::engineer

// SPDX-License-Identifier: Apache-2.0
#include "cli/attack.hpp"

#include <gtest/gtest.h>

namespace cupel::cli {
namespace {

constexpr const char* kHead =
    "// SPDX-License-Identifier: Apache-2.0\n"
    "// attack: computes half of the rows\n"
    "// task: softmax\n"
    "// set: B=256 N=1024\n"
    "// expect: wrong|cheating\n"
    "// reason: Row\n"
    "// twin: honest.cpp\n"
    "#include \"task.hpp\"\n"
    "// task: not in the head\n";

TEST(Attack, HeadSaysWhatItTriesAndWhatItMustGet) {
    const auto attack = parse_attack("half", kHead);
    ASSERT_TRUE(attack) << attack.error().text;
    EXPECT_EQ(attack->what, "computes half of the rows");
    EXPECT_EQ(attack->task, "softmax");
    EXPECT_EQ(attack->sizes.size(), 2U);
    EXPECT_EQ(attack->twin, "honest.cpp");
    EXPECT_EQ(attack->source, kHead);
}

TEST(Attack, VerdictMustHaveTheStatusAndTheReason) {
    const auto attack = parse_attack("half", kHead);
    verdict::Verdict verdict;
    verdict.status = verdict::Status::Wrong;
    verdict.reason = "row 7 was not written";
    EXPECT_TRUE(is_expected(*attack, verdict));
    verdict.reason = "something else";
    EXPECT_FALSE(is_expected(*attack, verdict));
    verdict.reason = "row 7 was not written";
    verdict.status = verdict::Status::Faster;
    EXPECT_FALSE(is_expected(*attack, verdict));
}

TEST(Attack, AFileWithoutAHeadIsATwin) {
    EXPECT_TRUE(parse_attack("honest", "#include \"task.hpp\"\n")->what.empty());
}

TEST(Attack, AnIncompleteHeadIsAnError) {
    EXPECT_FALSE(parse_attack("a", "// attack: x\n// expect: wrong\n"));
    EXPECT_FALSE(parse_attack("a", "// attack: x\n// task: softmax\n"));
    EXPECT_FALSE(parse_attack("a", "// attack: x\n// task: softmax\n// expect: slain\n"));
    EXPECT_FALSE(
        parse_attack("a", "// attack: x\n// task: softmax\n// expect: wrong\n// set: B\n"));
}

}  // namespace
}  // namespace cupel::cli

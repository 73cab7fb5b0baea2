// SPDX-License-Identifier: Apache-2.0
#include "cli/workplace.hpp"

#include <gtest/gtest.h>

namespace cupel::cli {
namespace {

constexpr std::int64_t kNow = 2'000'000'000;

std::string told(std::int64_t age, double disturbed = 0) {
    target::Ceilings ceilings;
    ceilings.measured = kNow - age;
    ceilings.disturbed = disturbed;
    return measured_text(ceilings, kNow);
}

TEST(MeasuredText, TellsTheAgeAndTheLoadOfTheMachine) {
    EXPECT_EQ(told(0), "measured now");
    EXPECT_EQ(told(-5), "measured now");
    EXPECT_EQ(told(61), "measured 1 minute ago");
    EXPECT_EQ(told(7300), "measured 2 hours ago");
    EXPECT_EQ(told(3 * 86'400), "measured 3 days ago");
    EXPECT_EQ(told(0, 0.05), "measured now");
    EXPECT_NE(told(61, 0.5).find("ago while others took 50 % of the processors"),
              std::string::npos);
}

TEST(FindRun, LeavesANameThatIsNoRunAsItIs) {
    EXPECT_EQ(find_run("no-such-run"), "no-such-run");
    EXPECT_EQ(find_run(""), "");
}

}  // namespace
}  // namespace cupel::cli

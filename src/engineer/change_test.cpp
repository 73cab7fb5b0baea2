// SPDX-License-Identifier: Apache-2.0
#include "engineer/change.hpp"

#include <gtest/gtest.h>

namespace cupel::engineer {
namespace {

TEST(Change, TellsTheLinesThatWentAndCame) {
    EXPECT_EQ(change_between("a;\nb;\nc;\nd;\ne;\n", "a;\nB;\nc;\nd;\ne;\nf;\n"),
              "-b;\n+B;\n...\n+f;\n");
    EXPECT_EQ(change_between("a;\nb;\n", "b;\n"), "-a;\n");
    EXPECT_EQ(change_between("", "b;\n"), "+b;\n");
}

TEST(Change, PassesOverSpacesAndEmptyLines) {
    EXPECT_EQ(change_between("a;\n  b;\n", "a;\n\n\tb;  \n"), "");
}

TEST(Change, SaysNothingOfAKernelThatWasWrittenAnew) {
    std::string before;
    std::string after;
    for (int i = 0; i < 30; ++i) {
        before += "old " + std::to_string(i) + ";\n";
        after += "new " + std::to_string(i) + ";\n";
    }
    EXPECT_EQ(change_between(before, after), "");
    EXPECT_EQ(change_between(std::string(5000, '\n'), after).substr(0, 6), "+new 0");
}

}  // namespace
}  // namespace cupel::engineer

// SPDX-License-Identifier: Apache-2.0
#include "referee/crowd.hpp"

#include <gtest/gtest.h>

namespace cupel::referee {
namespace {

TEST(Crowd, OfThreadsThatWereGrantedMayStay) {
    Crowd crowd(3);
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(crowd.stays(3, {11, 12}));
}

TEST(Crowd, ThatIsGoneByTheNextAnswerIsTolerated) {
    Crowd crowd(2);
    EXPECT_FALSE(crowd.stays(4, {11, 12, 13}));  // two teams of OpenMP, one of which is ending
    EXPECT_FALSE(crowd.stays(2, {11}));
    EXPECT_FALSE(crowd.stays(4, {11, 21, 22}));  // others in the next window
    EXPECT_FALSE(crowd.stays(4, {31, 32, 11}));
}

TEST(Crowd, ThatIsThereAfterTwoAnswersInARowIsNot) {
    Crowd crowd(2);
    EXPECT_FALSE(crowd.stays(3, {11, 12}));
    EXPECT_TRUE(crowd.stays(3, {11, 12}));
    Crowd one(1);
    EXPECT_FALSE(one.stays(2, {11}));
    EXPECT_TRUE(one.stays(2, {11}));
}

TEST(Crowd, IsForgottenWhereAnAnswerFoundNoneTooMany) {
    Crowd crowd(2);
    EXPECT_FALSE(crowd.stays(3, {11, 12}));
    EXPECT_FALSE(crowd.stays(1, {}));
    EXPECT_FALSE(crowd.stays(3, {11, 12}));
}

}  // namespace
}  // namespace cupel::referee

// SPDX-License-Identifier: Apache-2.0
#include "model/pace.hpp"

#include <gtest/gtest.h>

namespace cupel::model {
namespace {

TEST(Pace, LetsABurstThroughAndThenAnEvenStream) {
    TokenBucket bucket(2, 3);
    EXPECT_EQ(bucket.take(10), 0);
    EXPECT_EQ(bucket.take(10), 0);
    EXPECT_EQ(bucket.take(10), 0);
    EXPECT_DOUBLE_EQ(bucket.take(10), 0.5);
    EXPECT_DOUBLE_EQ(bucket.take(10), 1.0);  // each has a place of its own
    EXPECT_DOUBLE_EQ(bucket.take(11), 0.5);
    EXPECT_EQ(bucket.take(100), 0);
}

TEST(Pace, MakesEverybodyWaitWhereOneWasToldTo) {
    TokenBucket bucket(1, 8);
    bucket.pause(10, 5);
    EXPECT_DOUBLE_EQ(bucket.take(11), 4);
    EXPECT_EQ(bucket.take(16), 0);
}

TEST(Pace, HoldsWhoeverAlreadyHasAPlace) {
    TokenBucket bucket(1, 1);
    EXPECT_EQ(bucket.take(10), 0);
    EXPECT_DOUBLE_EQ(bucket.take(10), 1);
    EXPECT_EQ(bucket.held(11), 0);
    bucket.pause(10.5, 5);
    EXPECT_DOUBLE_EQ(bucket.held(11), 4.5);
    EXPECT_EQ(bucket.held(15.5), 0);
}

TEST(Pace, WaitsLongerEachTimeAndNotTooLong) {
    const Patience patience{
        .attempts = 8, .first_wait = 1, .longest_wait = 10, .connect = 1, .idle = 1, .total = 1};
    EXPECT_DOUBLE_EQ(wait_before_next(patience, 0, {}, 0).value(), 0.5);
    EXPECT_DOUBLE_EQ(wait_before_next(patience, 0, {}, 1).value(), 1);
    EXPECT_DOUBLE_EQ(wait_before_next(patience, 2, {}, 0.5).value(), 3);
    EXPECT_DOUBLE_EQ(wait_before_next(patience, 6, {}, 1).value(), 10);
    EXPECT_FALSE(wait_before_next(patience, 7, {}, 0).has_value());
}

TEST(Pace, NeverComesBackBeforeItIsAskedTo) {
    const Patience patience{
        .attempts = 8, .first_wait = 1, .longest_wait = 10, .connect = 1, .idle = 1, .total = 1};
    EXPECT_GE(wait_before_next(patience, 0, 7.0, 0).value(), 7);
    EXPECT_LE(wait_before_next(patience, 0, 7.0, 1).value(), 7.5);
    EXPECT_FALSE(wait_before_next(patience, 0, 11.0, 0).has_value());
}

}  // namespace
}  // namespace cupel::model

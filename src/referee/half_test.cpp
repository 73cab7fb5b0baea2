// SPDX-License-Identifier: Apache-2.0
#include "referee/half.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace cupel::referee {
namespace {

TEST(Half, EveryNumberOfSixteenBitsComesBack) {
    for (std::uint32_t i = 0; i <= 0xffffU; ++i) {
        const auto bits = static_cast<std::uint16_t>(i);
        if (std::isnan(from_half(bits))) {
            EXPECT_TRUE(std::isnan(from_half(to_half(from_half(bits)))));
        } else {
            EXPECT_EQ(to_half(from_half(bits)), bits);
        }
        const float wide = from_bfloat(bits);
        EXPECT_TRUE(std::isnan(wide) || to_bfloat(wide) == bits) << bits;
    }
}

// The compiler's own binary16 is the other opinion.
TEST(Half, RoundsAsTheCompilerDoes) {
    for (std::uint32_t i = 0; i < 0x7f800000U; i += 3001) {
        const auto value = std::bit_cast<float>(i);
        EXPECT_EQ(to_half(value), std::bit_cast<std::uint16_t>(static_cast<_Float16>(value)))
            << value;
        EXPECT_EQ(to_half(-value), std::bit_cast<std::uint16_t>(static_cast<_Float16>(-value)));
    }
}

TEST(Half, TiesOfABfloatGoToTheEvenOne) {
    EXPECT_EQ(to_bfloat(1.0F + 0x1p-8F), 0x3f80U);
    EXPECT_EQ(to_bfloat(1.0F + 3 * 0x1p-8F), 0x3f82U);
    EXPECT_EQ(to_bfloat(1.0F + 0x1p-8F + 0x1p-20F), 0x3f81U);
    EXPECT_EQ(to_bfloat(std::numeric_limits<float>::max()), 0x7f80U);
}

}  // namespace
}  // namespace cupel::referee

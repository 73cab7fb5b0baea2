// SPDX-License-Identifier: Apache-2.0
#include "emulator/emulator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cupel::emulator {
namespace {
TEST(Emulator, NoKernels) {
    EXPECT_TRUE(make_emulator()->kernels().empty());
}
}  // namespace
}  // namespace cupel::emulator

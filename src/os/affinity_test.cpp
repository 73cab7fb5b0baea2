// SPDX-License-Identifier: Apache-2.0
#include "os/affinity.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "os/clock.hpp"

namespace cupel::os {
namespace {

TEST(Confinement, HoldsThisThreadWhileItLives) {
    const std::vector<int> before = allowed_cpus();
    ASSERT_FALSE(before.empty());
    {
        const std::array only = {before.back()};
        const Confinement confinement(only);
        EXPECT_TRUE(confinement.confined());
        EXPECT_EQ(allowed_cpus(), std::vector<int>{before.back()});
        EXPECT_EQ(sched_getcpu(), before.back());
    }
    EXPECT_EQ(allowed_cpus(), before);
}

TEST(Confinement, ChangesNothingWhereItCannot) {
    const std::vector<int> before = allowed_cpus();
    const std::array nowhere = {CPU_SETSIZE - 1};
    for (const std::span<const int> cpus :
         {std::span<const int>(), std::span<const int>(nowhere)}) {
        const Confinement confinement(cpus);
        EXPECT_FALSE(confinement.confined());
        EXPECT_EQ(allowed_cpus(), before);
    }
}

}  // namespace
}  // namespace cupel::os

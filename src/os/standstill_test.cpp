// SPDX-License-Identifier: Apache-2.0
#include "os/standstill.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>
#include <vector>

#include "os/clock.hpp"

namespace cupel::os {
namespace {

using namespace std::chrono_literals;

TEST(Standstill, KnowsOtherThreadsFromNobody) {
    const std::vector<int> one = {allowed_cpus().back()};
    const std::jthread other([&](const std::stop_token& stop) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<std::size_t>(one.front()), &set);
        ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
        while (!stop.stop_requested()) {
        }
    });
    const Standstill seen = watch_standstill(one, 300ms);
    EXPECT_GT(seen.shared, 0.2) << "another thread had half of the processor";
    EXPECT_GT(seen.shared, seen.lost) << "what another thread had is nobody's";
}

TEST(Standstill, OfNoProcessorIsNone) {
    EXPECT_EQ(watch_standstill({}, 10ms).lost, 0);
    EXPECT_EQ(watch_standstill(allowed_cpus(), 0ms).shared, 0);
}

}  // namespace
}  // namespace cupel::os

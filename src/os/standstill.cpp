// SPDX-License-Identifier: Apache-2.0
#include "os/standstill.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "os/clock.hpp"

namespace cupel::os {
namespace {

constexpr std::int64_t kMoment = 50'000;  // nanoseconds

// How often the calling thread has given up its processor, willingly or not.
long switches() {
    rusage usage{};
    if (getrusage(RUSAGE_THREAD, &usage) != 0) return 0;
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

struct Lost {
    std::int64_t to_nobody = 0;  // nanoseconds
    std::int64_t to_others = 0;
    std::int64_t longest = 0;
};

Lost watch(int cpu, std::int64_t nanoseconds) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    (void)sched_setaffinity(0, sizeof set, &set);
    Lost lost;
    long before = switches();
    std::int64_t last = now_ns();
    const std::int64_t end = last + nanoseconds;
    while (last < end) {
        const std::int64_t now = now_ns();
        const std::int64_t gap = now - last;
        last = now;
        if (gap < kMoment) continue;
        const long after = switches();
        if (after == before) {
            lost.to_nobody += gap;
            lost.longest = std::max(lost.longest, gap);
        } else {
            lost.to_others += gap;
        }
        before = after;
        last = now_ns();
    }
    return lost;
}

}  // namespace

Standstill watch_standstill(std::span<const int> cpus, std::chrono::milliseconds time) {
    if (cpus.empty() || time.count() <= 0) return {};
    const std::int64_t nanoseconds = std::chrono::nanoseconds(time).count();
    std::vector<Lost> lost(cpus.size());
    {
        std::vector<std::jthread> threads;
        threads.reserve(cpus.size());
        for (std::size_t i = 0; i < cpus.size(); ++i)
            threads.emplace_back([&, i] { lost[i] = watch(cpus[i], nanoseconds); });
    }
    Standstill all;
    const double whole = static_cast<double>(nanoseconds) * static_cast<double>(cpus.size());
    for (const Lost& one : lost) {
        all.lost += static_cast<double>(one.to_nobody) / whole;
        all.shared += static_cast<double>(one.to_others) / whole;
        all.longest = std::max(all.longest, static_cast<double>(one.longest) * 1e-9);
    }
    return all;
}

}  // namespace cupel::os

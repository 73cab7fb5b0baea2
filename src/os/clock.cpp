// SPDX-License-Identifier: Apache-2.0
#include "os/clock.hpp"

#include <sched.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <sstream>

#include "os/files.hpp"

namespace cupel::os {

std::int64_t now_ns() noexcept {
    timespec now{};
    (void)clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string utc_timestamp() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    CUPEL_CHECK(gmtime_r(&now, &parts) != nullptr);
    std::array<char, 32> text{};
    const std::size_t length =
        std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), length};
}

std::vector<int> allowed_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cpus;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
    }
    return cpus;
}

CpuTimes cpu_times() {
    const Result<std::string> text = read_file("/proc/stat");
    if (!text) return {};
    std::istringstream line(*text);
    std::string label;
    // The first line: user nice system idle iowait irq softirq steal, in clock ticks.
    std::array<double, 8> ticks{};
    line >> label;
    for (double& value : ticks)
        line >> value;
    if (!line || label != "cpu") return {};
    const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    CpuTimes times;
    times.busy = (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / per_second;
    times.idle = (ticks[3] + ticks[4]) / per_second;
    times.stolen = ticks[7] / per_second;
    return times;
}

}  // namespace cupel::os

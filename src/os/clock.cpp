// SPDX-License-Identifier: Apache-2.0
#include "os/clock.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
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

bool is_utc_timestamp(std::string_view text) {
    constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
    const auto fits = [](char c, char form) {
        return form == 'd' ? c >= '0' && c <= '9' : c == form;
    };
    if (!std::ranges::equal(text, kForm, fits)) return false;
    const auto number = [&](std::size_t at, std::size_t digits) {
        unsigned value = 0;
        for (const char c : text.substr(at, digits))
            value = 10 * value + static_cast<unsigned>(c - '0');
        return value;
    };
    const std::chrono::year_month_day day{std::chrono::year{static_cast<int>(number(0, 4))},
                                          std::chrono::month{number(5, 2)},
                                          std::chrono::day{number(8, 2)}};
    // A leap second is the 60th of its minute.
    return day.ok() && number(11, 2) < 24 && number(14, 2) < 60 && number(17, 2) <= 60;
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

// SPDX-License-Identifier: Apache-2.0
// The clocks. Timed windows use the raw monotonic clock of the kernel, which nothing adjusts.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::os {

// CLOCK_MONOTONIC_RAW, nanoseconds.
[[nodiscard]] std::int64_t now_ns() noexcept;
// Seconds since now_ns() was begin_ns.
[[nodiscard]] inline double seconds_since(std::int64_t begin_ns) noexcept {
    return static_cast<double>(now_ns() - begin_ns) * 1e-9;
}
// "2026-11-22T02:30:00Z"
[[nodiscard]] std::string utc_timestamp();
// Whether a text is one, of a day and a second that there are.
[[nodiscard]] bool is_utc_timestamp(std::string_view text);

// The processors this process may use, ascending.
[[nodiscard]] std::vector<int> allowed_cpus();

// Seconds of all processors since boot, from /proc/stat.
struct CpuTimes {
    double busy = 0;
    double idle = 0;
    double stolen = 0;  // taken by the hypervisor
};
[[nodiscard]] CpuTimes cpu_times();

}  // namespace cupel::os

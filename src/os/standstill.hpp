// SPDX-License-Identifier: Apache-2.0
// Time that a busy processor loses: to other threads, which the kernel knows of, and to nobody that
// it knows of. The second is the host's doing, and hosts need not report it as steal.
#pragma once

#include <chrono>
#include <span>

namespace cupel::os {

struct Standstill {
    double lost = 0;     // share of the time of all processors that went to nobody here
    double shared = 0;   // ... and that went to other threads
    double longest = 0;  // seconds, the longest of the moments that went to nobody
};

// Keeps all these processors busy for so long and adds up where time went missing. A moment under
// 50 us is not counted: clocks and interrupts need some.
[[nodiscard]] Standstill watch_standstill(std::span<const int> cpus,
                                          std::chrono::milliseconds time);

}  // namespace cupel::os

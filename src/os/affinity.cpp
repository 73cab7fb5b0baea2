// SPDX-License-Identifier: Apache-2.0
#include "os/affinity.hpp"

#include <cstddef>

namespace cupel::os {

Confinement::Confinement(std::span<const int> cpus) noexcept {
    if (cpus.empty() || sched_getaffinity(0, sizeof before_, &before_) != 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus)
        CPU_SET(static_cast<std::size_t>(cpu), &set);
    confined_ = sched_setaffinity(0, sizeof set, &set) == 0;
}

Confinement::~Confinement() {
    if (confined_) (void)sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace cupel::os

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>

#include <span>

namespace cupel::os {

// While it lives the calling thread runs on these processors only; then where it ran before. Of
// none, or where the system refuses, nothing changes: confined() says so.
class Confinement {
public:
    explicit Confinement(std::span<const int> cpus) noexcept;
    Confinement(const Confinement&) = delete;
    Confinement& operator=(const Confinement&) = delete;
    Confinement(Confinement&&) = delete;
    Confinement& operator=(Confinement&&) = delete;
    ~Confinement();

    [[nodiscard]] bool confined() const noexcept { return confined_; }

private:
    cpu_set_t before_ = {};
    bool confined_ = false;
};

}  // namespace cupel::os

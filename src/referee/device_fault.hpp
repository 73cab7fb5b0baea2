// SPDX-License-Identifier: Apache-2.0
// What the emulator's findings mean for a kernel.
#pragma once

#include <optional>

#include "emulator/device.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

struct DeviceFault {
    verdict::Status status = verdict::Status::Wrong;
    std::optional<int> law;
};

// A race is wrong even where the answer came out right: on another device, or another day, it need
// not.
[[nodiscard]] DeviceFault meaning_of(emulator::Fault fault);

// Whether it can be told of some blocks of a launch alone, in whose scratch memory zeros stand for
// what other blocks would have written.
[[nodiscard]] bool shows_in_a_sample(emulator::Fault fault);

}  // namespace cupel::referee

// SPDX-License-Identifier: Apache-2.0
// The Device that is no GPU: a PTX interpreter which sees every access of every thread. It proves
// that a kernel is right and free of races; what it says of speed are bounds, never times.
//
// Untrusted: the PTX. Whatever it holds ends in an error, a finding or the budget; memory is
// bounded by what the caller allocates and by what a real device would allow.
#pragma once

#include "emulator/device.hpp"

namespace cupel::emulator {

// `places`: where buffers lie follows from it, so that an answer which depends on addresses is not
// the same under two of them.
[[nodiscard]] std::unique_ptr<Device> make_emulator(std::uint64_t places = 0);

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// The Device that is a GPU. It sees what a GPU lets one see: whether a launch came to its end, what
// the outputs hold, that inputs and the bytes around every buffer are as they were, and how long it
// took. Races and values that nobody wrote it does not see; the emulator does.
//
// The text is compiled by the driver, in this process. Whoever reads a stranger's text runs it in a
// process of its own (cupel-gpu), in a cell.
#pragma once

#include <cstdint>
#include <memory>

#include "driver/driver.hpp"
#include "emulator/device.hpp"

namespace cupel::driver {

// `places`: what outputs, scratch and the bytes around buffers hold at first follows from it.
[[nodiscard]] std::unique_ptr<emulator::Device> make_gpu(Driver driver, std::uint64_t places);

// "NVIDIA H200, driver for CUDA 13.0"
[[nodiscard]] std::string describe(const Driver& driver);

}  // namespace cupel::driver

// SPDX-License-Identifier: Apache-2.0
// The parts of the recorder. Each returns 0, or 1 when something could not be done (it has said
// what and has gone on), or 3 when the context is spoiled and the program must be started again.
#pragma once

#include <string>

#include "recorder/driver.hpp"

namespace cupel::emulator::conformance::device {

struct Folders {
    std::string modules;  // where the cubins lie
    std::string out;      // where results go
};

int record_forms(Driver& driver, const Folders& folders);
int record_tensors(Driver& driver, const Folders& folders);
int record_approximations(Driver& driver, const Folders& folders);
int record_calibration(Driver& driver, const Folders& folders);
int record_kernels(Driver& driver, const Folders& folders);

// Makes golden files in `out` of what was recorded, which lies in `modules`; needs no device.
int pack(const Folders& folders, const std::string& device);

}  // namespace cupel::emulator::conformance::device

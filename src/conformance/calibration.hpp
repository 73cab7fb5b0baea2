// SPDX-License-Identifier: Apache-2.0
// What golden/calibration.txt holds: the cost of accesses to shared memory by pattern, of scattered
// accesses to global memory, and the machine's peaks. The counters' models are held to it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::emulator::conformance {

struct BankPattern {
    std::string name;
    std::array<std::uint32_t, 32> offsets;  // in bytes, one a lane
};
// The patterns that accesses of `width` bytes (4, 8, 16) were timed with.
[[nodiscard]] std::vector<BankPattern> bank_patterns(unsigned width);

struct BankCost {
    bool store = false;
    unsigned width = 0;   // bytes a lane
    unsigned warps = 0;   // of the block, all doing the same
    double cycles = 0;    // an access of one warp
    std::string pattern;  // by name
};
struct ScatterCost {
    unsigned width = 0;
    unsigned stride = 0;     // between lanes, in bytes
    unsigned shift = 0;      // of the first lane, from a multiple of 128
    unsigned window_mb = 0;  // of memory that is walked through
    double nanoseconds = 0;  // a warp's access, with the whole device at it
    double gigabytes = 0;    // a second that lanes asked for
};
struct Peak {
    std::string name;
    double tera = 0;  // operations a second; a fused multiply-add is two
};
struct StreamSpeed {
    std::string kind;  // copy (both ways count), read, write
    unsigned megabytes = 0;
    double gigabytes = 0;  // a second
};
struct Attribute {
    int number = 0;  // CUdevice_attribute
    int value = 0;
};

struct Calibration {
    std::string device;
    unsigned memory_mb = 0;
    std::vector<BankCost> banks;
    std::vector<ScatterCost> scatters;
    std::vector<Peak> peaks;
    std::vector<StreamSpeed> streams;
    std::vector<Attribute> attributes;
    double launch_us = 0;         // back to back
    double waited_launch_us = 0;  // with a wait for each
};

// The whole file with its seal. Errors: Corrupt, with the line.
[[nodiscard]] Result<Calibration> read_calibration(std::string_view text);

}  // namespace cupel::emulator::conformance

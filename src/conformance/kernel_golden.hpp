// SPDX-License-Identifier: Apache-2.0
// What silicon made of the whole kernels: golden/kernels.txt, a line each. Of the racy mutants it
// is kept how many different outputs a thousand runs had.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::emulator::conformance {

struct GoldenOutput {
    std::string variant;  // the kernel's PTX file, without its ending
    std::string array;
    std::uint64_t bytes = 0;
    std::uint64_t hash = 0;            // hash_of() all bytes
    double deviation = 0;              // largest distance from the reference in double
    std::vector<std::uint32_t> words;  // the first of the output, 32 bits each
};

struct RacyRecord {
    std::string variant;
    unsigned different = 0;  // outputs
    unsigned runs = 0;
    double least = 0;  // deviation from the reference over the different outputs
    double greatest = 0;
};

struct GoldenKernels {
    std::string device;
    std::vector<GoldenOutput> outputs;
    std::vector<RacyRecord> racy;
};

[[nodiscard]] std::string write_golden_kernels(const GoldenKernels& golden);
// The whole file with its seal. Errors: Corrupt, with the line.
[[nodiscard]] Result<GoldenKernels> read_golden_kernels(std::string_view text);

}  // namespace cupel::emulator::conformance

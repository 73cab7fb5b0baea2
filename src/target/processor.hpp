// SPDX-License-Identifier: Apache-2.0
// The processor as /proc/cpuinfo describes it, and the vector extension that follows.
#pragma once

#include <string>
#include <string_view>

namespace cupel::target {

struct Processor {
    std::string model;  // "AMD EPYC 7B13", "unknown processor"
    std::string steps;  // family, model and stepping: what -march=native looks at beside the flags
    std::string flags;  // as printed, separated by blanks
    bool hypervisor = false;
};
// Of the first processor in the text; missing lines leave their defaults.
[[nodiscard]] Processor parse_cpuinfo(std::string_view text);
[[nodiscard]] Processor this_processor();

// What `-march=native` means on this machine, as a hash: the same on machines that may share
// objects.
[[nodiscard]] std::string native_identity(const Processor& processor);

struct Vectors {
    std::string isa;
    int bytes = 16;
    int registers = 16;
};
[[nodiscard]] Vectors vectors_of(const Processor& processor);

}  // namespace cupel::target

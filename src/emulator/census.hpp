// SPDX-License-Identifier: Apache-2.0
// Which kernels of a module the emulator knows every instruction of: for surveys (bench/survey).
// Nothing is run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::emulator {

struct Refusal {
    // The opcode with its modifiers; "call f"; "memory" or "registers": more than there is;
    // "kernel": nothing else was looked at.
    std::string what;
    std::string why;  // what a launch of the kernel would say
};

struct Decoding {
    std::string kernel;
    std::vector<Refusal> refusals;  // the first of each kind, in the order of the text
};

// Errors: those of parse(), which refuses the module as a whole.
[[nodiscard]] Result<std::vector<Decoding>> census(std::string_view ptx, std::string_view file);

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// Loops of code that has only jumps. A loop is what a jump back to a place that leads to it closes
// (a natural loop: Aho, Lam, Sethi, Ullman, Compilers, 9.6.6); jumps back to one place close one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace cupel::target {

// One instruction.
struct Step {
    std::uint64_t at = 0;
    std::optional<std::uint64_t> to = {};  // where it jumps; a place outside the function: nowhere
    bool falls = true;                     // whether the next one may follow it
};

// In how many loops each instruction of a function lies. They are in order of their places, and the
// first begins. Of code with so many loops that counting takes long, only the first are counted.
[[nodiscard]] std::vector<int> loop_depths(const std::vector<Step>& function);

}  // namespace cupel::target

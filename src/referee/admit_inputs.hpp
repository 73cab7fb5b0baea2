// SPDX-License-Identifier: Apache-2.0
// Questions that were tampered with: what a kernel sees that ignores an input, or part of one.
// Private to admission.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "referee/arena.hpp"
#include "task/task.hpp"

namespace cupel::referee {

struct Tampering {
    std::string name;       // "input x ignored (zeros)"
    std::size_t input = 0;  // the only one that is changed, but for all_inputs
    bool all_inputs = false;
    bool ignores = false;  // the input as a whole, not only a part of it
    std::function<void(std::size_t input, std::span<std::byte>)> change;
};
[[nodiscard]] std::vector<Tampering> tamperings(const task::Task& task);

// To nearest, by dropping low bits of each significand: 13 leave tf32's and fp16's 10, 16 leave
// bf16's 7.
void round_floats(std::span<std::byte> bytes, std::uint32_t dropped);

}  // namespace cupel::referee

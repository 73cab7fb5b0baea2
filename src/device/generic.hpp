// SPDX-License-Identifier: Apache-2.0
// A task with its sizes kept apart. Device code must be right at any sizes, so what is printed must
// say N where it means N. A parsed task holds plain numbers, and 4096 could be B or N or a constant
// of the formula: the formula is parsed again at sizes that are all different primes, where each
// number tells what it is, and once more at others, where what it tells must hold.
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::device {

struct Generic {
    task::Task task;  // at the primes, without its text
    // Constants of the formula that follow from sizes, by their value at the primes: "H * W".
    std::map<double, std::string> constants;
};

// Invalid: what depends on the sizes in a way that has no name, or that the sizes cannot be
// changed.
[[nodiscard]] Result<Generic> generic(const task::Task& task);

}  // namespace cupel::device

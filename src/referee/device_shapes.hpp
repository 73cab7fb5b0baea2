// SPDX-License-Identifier: Apache-2.0
// The sizes at which device code is tried where no GPU is: an emulator takes some thousand times as
// long, so the task is scaled down by a rule that anybody can follow. A kernel must be right at all
// of them; it is compiled for each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "task/task.hpp"

namespace cupel::referee {

struct DeviceShape {
    std::string rule;  // "scaled", "ragged", "small", "long N", "long odd N"
    // From the seed: no author is told of them.
    [[nodiscard]] bool is_drawn() const { return rule != "scaled" && rule != "own"; }
    [[nodiscard]] bool is_small() const { return rule == "small"; }
    [[nodiscard]] bool is_long() const { return rule.starts_with("long "); }
    task::Task task;
};

// scaled: the largest size is halved until little enough work is left, so divisors stay;
// ragged: the sizes of that, each a little less and odd, drawn from the seed;
// small: three shapes, in which each size is once 1 where the formula admits it, once less than the
// 32 lanes of a warp, and once a little more than some warps have (where the task has that many);
// long: one size nearly as the task has it, eight times an odd number, the others small, for each
// size that was scaled down: a loop takes its second turn there and has a rest, and what is
// compiled for large sizes is;
// long odd: the same, and odd: what moves vectors where they fit does without there. Sizes that the
// task bounds (its `shapes` lines) stay within their bounds. Where the formula admits no such sizes
// the shape is left out.
[[nodiscard]] std::vector<DeviceShape> device_shapes(const task::Task& task, std::uint64_t seed);

// The largest size is halved again and again, so divisors stay; the last that can be had where no
// size can be halved any more.
[[nodiscard]] task::Task halved_until(const task::Task& task,
                                      const std::function<bool(const task::Task&)>& fits);

// "B=64, N=128": all sizes that are not computed from others.
[[nodiscard]] std::string size_words(const task::Task& task);

}  // namespace cupel::referee

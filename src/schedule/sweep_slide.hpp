// SPDX-License-Identifier: Apache-2.0
// Windows that slide over columns, two places at a time: pooling of stride 2, taken apart into sums
// down the rows and sums along them (`factor`). Through a row buffer, the window's reads would lie
// across what was just written, and wait until it has left the processor. In registers a vector of
// the window needs two vectors of columns, sorted into even and odd places; what it needs of those
// before, the vector before it has sorted. Of max_pool2d, 3 x 3 in planes of 112 x 112, by hand
// 1.42 to 1.49 times as fast on a Zen 5.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schedule/sweep_plan.hpp"
#include "task/task.hpp"

namespace cupel::schedule::sweep {

struct Slide {
    // What a step of the window takes: the even or odd places, so many lanes before.
    struct Tap {
        bool odd = false;
        std::int64_t before = 0;
    };
    std::size_t window = 0;            // the stage
    task::AxisId steps = task::kNone;  // its reduced axis
    int load = task::kNone;            // of Task::accesses: what it reads of the columns
    std::int64_t offset = 0;           // even: from twice the lane, where its two vectors begin
    std::vector<Tap> taps;             // by step
    // True if a later vector needs the even (odd) places.
    [[nodiscard]] bool carries(bool odd) const;
    [[nodiscard]] bool carries() const { return carries(false) || carries(true); }
};

// The window that may slide over a stage's columns. Nothing: they are no row that one window of
// stride 2 reads, of fewer steps than two vectors have lanes.
[[nodiscard]] std::optional<std::size_t> window_over(const task::Task& task, const Plan& plan,
                                                     std::size_t columns);
// Of one that may.
[[nodiscard]] Slide slide_of(const task::Task& task, std::size_t window, task::TensorId columns);

// The stage whose loops over memory a stage's vectors need: what its window slides over, what it
// finishes, or itself.
[[nodiscard]] std::size_t innermost(const Plan& plan, std::size_t stage);

}  // namespace cupel::schedule::sweep

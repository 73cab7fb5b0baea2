// SPDX-License-Identifier: Apache-2.0
// What a task with divided positions falls apart into.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::schedule::phase {

// One divided position: (keep * steps + reduce * taps + offset) / divisor.
struct Split {
    std::size_t dimension = 0;  // of the output, that `keep` runs over
    task::AxisId keep = task::kNone;
    task::AxisId reduce = task::kNone;
    std::int64_t keep_step = 1;    // 1 or -1
    std::int64_t reduce_step = 1;  // 1 or -1
    std::int64_t offset = 0;
    std::int64_t divisor = 1;
};

// The answers whose position along each split has one remainder.
struct Phase {
    std::vector<std::int64_t> remainders;  // one for each split
    task::Task task;                       // over these alone, with no divided position
};

struct Phases {
    std::vector<Split> splits;  // by dimension
    std::vector<Phase> all;     // the last split's remainder changes fastest
};

// Invalid: why the task does not fall apart.
[[nodiscard]] Result<Phases> find_phases(const task::Task& task);

}  // namespace cupel::schedule::phase

// SPDX-License-Identifier: Apache-2.0
// Windows over padded tensors: where none of a stage's reads is outside, nothing need be asked.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "task/task.hpp"

namespace cupel::schedule {

struct Span {
    std::int64_t low = 0;
    std::int64_t high = 0;  // one past the last
    bool operator==(const Span&) const = default;
};

// Of each axis that the stage keeps, the steps at which every read with a value for outside lies
// inside, whatever the reduced axes are; they may be none. Nothing where a position is more than
// one kept axis and reduced ones, is divided, or comes out of a tensor.
[[nodiscard]] std::optional<std::vector<Span>> inside_spans(const task::Task& task,
                                                            const task::Stage& stage);

}  // namespace cupel::schedule

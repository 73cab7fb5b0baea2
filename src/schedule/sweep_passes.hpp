// SPDX-License-Identifier: Apache-2.0
// The passes that a sweep makes over the rows of a group: which stages share a loop, and what is
// computed between two loops from their results alone.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "schedule/sweep_plan.hpp"
#include "task/task.hpp"

namespace cupel::schedule::sweep {

using Pass = std::vector<std::size_t>;  // stages that share their loops

// A pass, and the stages that follow it and need only what whole rows came to.
struct Leg {
    Pass pass;
    std::vector<std::size_t> scalars = {};

    [[nodiscard]] std::vector<std::size_t> stages() const {
        std::vector<std::size_t> all = pass;
        all.insert(all.end(), scalars.begin(), scalars.end());
        return all;
    }
};
// Of a group of maps, folds and such scalars; inlined stages are in no leg.
[[nodiscard]] std::vector<Leg> legs_of(const task::Task& task, const Plan& plan,
                                       const Group& group);

// True if the stage can be computed in the loops of the pass.
[[nodiscard]] bool joins(const task::Task& task, const Plan& plan, const Group& group,
                         const Pass& pass, std::size_t s);
// True if the expression reads the tensor, itself or through what is inlined in it.
[[nodiscard]] bool reads(const task::Task& task, const Plan& plan, task::ExprId body,
                         task::TensorId tensor);
// True if a stage that is not in the pass reads the tensor.
[[nodiscard]] bool read_outside(const task::Task& task, const Plan& plan, const Pass& pass,
                                task::TensorId tensor);
// The variable that holds where the stage's rows end, if they end early; else empty.
[[nodiscard]] std::string until(const Plan& plan, std::size_t s);

// True if `rows` rows may be swept side by side in the stage's group: maps and folds of whole
// vectors, and what is computed from their results alone.
[[nodiscard]] bool can_group_rows(const task::Task& task, const Plan& plan, std::size_t stage,
                                  std::int64_t rows);
// True if the passes of the stage's group may run in one loop, each a row behind the one before,
// over `rows` rows: such groups of several passes along the same axis, all with as many vectors a
// step, two or more, where a row buffer is read in the pass after it at the latest.
[[nodiscard]] bool can_skew(const task::Task& task, const Plan& plan, std::size_t stage,
                            std::int64_t rows);

// Invalid: rows that end where another axis says are taken together.
[[nodiscard]] Result<void> rows_end_together(const task::Task& task, const Plan& plan);

// The group that the stage is in.
[[nodiscard]] const Group& group_of(const Plan& plan, std::size_t stage);

}  // namespace cupel::schedule::sweep

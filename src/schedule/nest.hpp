// SPDX-License-Identifier: Apache-2.0
// How a careful person groups the stages of a task into loop nests: consecutive stages that keep
// the same leading axes share those loops, and what lives only between them is a small row buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "schedule/text.hpp"
#include "task/task.hpp"

namespace cupel::schedule {

// A stage of the form y[.., i, ..] = sum[j <= i](body without i): a running value, one step a
// position.
struct Scan {
    std::size_t position = 0;            // of the axis i among the kept axes
    task::AxisId along = task::kNone;    // i
    task::AxisId reduced = task::kNone;  // j
    bool reverse = false;                // j >= i: from the end
    bool inclusive = true;               // j <= i, not j < i
};
[[nodiscard]] std::optional<Scan> scan_of(const task::Task& task, const task::Stage& stage);

// All loads of an expression (positions in Task::accesses), those inside gathers and outside values
// too.
[[nodiscard]] std::vector<int> loads(const task::Task& task, task::ExprId id);
// The axes that an expression mentions, in accesses too, each once.
[[nodiscard]] std::vector<task::AxisId> axes_of(const task::Task& task, task::ExprId id);

[[nodiscard]] std::vector<task::AxisId> axes_of_access(const task::Task& task,
                                                       const task::Access& access);

[[nodiscard]] bool mentions(const task::Index& index, task::AxisId axis);
[[nodiscard]] bool mentions(const task::Task& task, task::ExprId id, task::AxisId axis);

// Consecutive stages under shared loops.
struct Group {
    std::vector<std::size_t> stages;
    std::size_t depth =
        0;  // leading kept axes shared by all; a single stage shares all but a scanned one
    // By stage: the shared axes of one that keeps them elsewhere than in front.
    std::map<std::size_t, std::vector<task::AxisId>> joined = {};
};

enum class Home {
    Parameter,  // input or output
    Scratch,    // a static array: needed by several groups
    Local,      // a scalar of the kernel
    Row,        // lives inside the shared loops of its group: the dimensions from `depth` on
};

struct Nest {
    std::vector<Group> groups;
    std::vector<Home> homes;          // by TensorId
    std::vector<std::size_t> depths;  // by TensorId: the leading dimensions that a Row has not
};
[[nodiscard]] Nest nest_of(const task::Task& task);

// Lets the stage share the loops of the group before its own, at what it reads of that group's
// results: y[n, c, ..] that reads mu[c] shares the loop over c. Invalid: why it cannot.
[[nodiscard]] Result<void> join(const task::Task& task, Nest& nest, std::size_t stage);

// The axes of a stage's shared loops, outermost first.
[[nodiscard]] std::vector<task::AxisId> outer_axes(const task::Task& task, const Group& group,
                                                   std::size_t stage);

// The reduce axes in an order in which every bound depends on outer loops only.
[[nodiscard]] std::vector<task::AxisId> reduce_order(const task::Stage& stage);

// Where the stage's bounds let the axis begin and end: "0", "i + 1".
struct Ends {
    std::string low;
    std::string high;
};
[[nodiscard]] Ends ends_of(const task::Task& task, const task::Stage& stage, task::AxisId axis,
                           const AxisName& name);
// "for (long j = 0; j < N; ++j)", within these.
[[nodiscard]] std::string loop(const task::Task& task, const task::Stage& stage, task::AxisId axis,
                               const AxisName& name);

}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
// Parts of a task as tasks of their own, and what the verbs of a cut decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "schedule/demand.hpp"
#include "schedule/schedule.hpp"
#include "task/task.hpp"

namespace cupel::schedule::cut {

// The leading axes that all parts share.
struct Sharing {
    std::size_t whole = 0;   // so many axes, step by step
    std::int64_t block = 0;  // so many steps at a time of the axis after them; 0: all of it
    [[nodiscard]] bool any() const { return whole > 0 || block > 0; }
    [[nodiscard]] std::size_t axes() const { return whole + (block > 0 ? 1 : 0); }
    bool operator==(const Sharing&) const = default;
};

// Where no row of the block at hand needs more steps of the axes that `limits` of a part name: a
// variable, and its value.
struct Reach {
    std::string name;
    std::string value;
};

struct Part {
    task::Task task;
    bool tiled = false;
    Limits limits;
    Trace trace;
};

struct Plan {
    Sharing sharing;
    std::string block_name;          // of the size that is a block's steps
    std::string first_name;          // of the block's first step; empty: no part computes with it
    Reach reach;                     // of what is computed for a block
    std::vector<std::size_t> lead;   // by TensorId: leading dimensions that are shared axes
    task::Task inner;                // what remains for one step of the shared axes
    std::vector<std::size_t> begin;  // the first stage of each part
    std::vector<Part> parts;
};

// The stages at which parts begin, so that products are tiled; empty if there are none.
[[nodiscard]] std::vector<std::size_t> cuts(const task::Task& task);

// Invalid: why the stages cannot share these axes.
[[nodiscard]] Result<Plan> plan_of(const task::Task& task, const Sharing& sharing,
                                   const std::vector<std::size_t>& begin);
// With the verbs of the trace, dealt to the parts.
[[nodiscard]] Result<Plan> plan_of(const task::Task& task, const Trace& trace);

// The width that parts are printed for.
[[nodiscard]] Width inner_width(const Plan& plan, const Width& width);

// The tensors that one part hands to another.
[[nodiscard]] std::vector<task::TensorId> handed_on(const Plan& plan);

}  // namespace cupel::schedule::cut

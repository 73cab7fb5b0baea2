// SPDX-License-Identifier: Apache-2.0
// What a sweep does with each stage: which axis runs through the lanes, which stages share a pass,
// and what the verbs of a trace ask for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "schedule/demand.hpp"
#include "schedule/nest.hpp"
#include "schedule/schedule.hpp"
#include "schedule/window.hpp"
#include "task/task.hpp"

namespace cupel::schedule::sweep {

enum class Shape {
    Plain,    // scalar code
    Map,      // fills a row, vector by vector
    Fold,     // reduces a row, vector by vector, into one element
    Bounded,  // a Fold whose row begins or ends where another axis says
    Column,   // each lane is an element of its own; the reduction runs outside
    Find,     // argmax, argmin: the best value of each lane, and where it was
    Running,  // sums of all up to each element: within a vector by its lanes, then vector by vector
    Close,    // a Map of the Column that is inlined in it: what a vector has summed, it maps
};

struct StagePlan {
    Shape shape = Shape::Plain;
    task::AxisId lane = task::kNone;  // the axis through the lanes
    std::vector<task::AxisId>
        loops;  // inside the shared loops, outermost first, the lane axis last
    // A Column whose reads may be outside: for each axis that the stage keeps, where they are not.
    std::vector<Span> inside = {};
    std::optional<std::size_t> column = {};  // of Close: the stage that is inlined
    // Of a Column, in this or another stage's loop: the inlined Column that its window slides over.
    std::optional<std::size_t> under = {};
};

struct Plan {
    Nest nest;
    std::vector<StagePlan> stages;
    int lanes = 8;
    std::vector<std::int64_t> unroll;  // by stage
    // By the first stage of their group: rows at a time, and rows of which the passes are skewed.
    std::map<std::size_t, std::int64_t> rows;
    std::map<std::size_t, std::int64_t> skewed;
    std::set<task::TensorId> inlined;
    std::set<task::TensorId> streamed;
    Limits limits;  // where loops through the lanes end early they do so at a whole vector
    std::set<task::TensorId> fetching;  // what is computed in whose pass the next rows are fetched
};

// Without any verbs; unroll 1 everywhere.
[[nodiscard]] Plan plan_of(const task::Task& task, const Width& width);
// With the verbs of the trace. Invalid: the verb that refused, and why.
[[nodiscard]] Result<Plan> plan_of(const task::Task& task, const Width& width, const Trace& trace);

// True if the tensor may be inlined: a row that a map fills and vectors read element by element, or
// that columns fill and one map reads, or one window (sweep_slide.hpp).
[[nodiscard]] bool can_inline(const task::Task& task, const Plan& plan, task::TensorId tensor);
// Of one that may be.
void make_inline(const task::Task& task, Plan& plan, task::TensorId tensor);
// True if the tensor is an output whose rows are whole vectors, written in no other order.
[[nodiscard]] bool can_stream(const task::Task& task, const Plan& plan, task::TensorId tensor);

// The inputs of which every step of the shared loops reads as much as the stage sweeps, a row or
// several: while it does, what the next step reads may be on its way.
struct NextRows {
    std::vector<task::Access> inputs;  // along the stage's axes
    task::AxisId outer = task::kNone;  // the innermost shared one
    // Reads of one row of a table, whose number another input holds at the step of the outer axis.
    // No processor sees such rows coming, so they are asked for two pages ahead: of embedding, rows
    // of 2 KiB, 0.82 to 0.85 of what a copying loop reaches, 0.62 where only the next is fetched.
    std::vector<int> gathered = {};
    std::int64_t ahead = 1;  // of those, in steps of the outer axis
    bool again = false;      // rows are read in a second pass, which finds them in the first cache
    [[nodiscard]] bool empty() const { return inputs.empty() && gathered.empty(); }
};
[[nodiscard]] NextRows next_rows(const task::Task& task, const Plan& plan, std::size_t stage);

// An input of which every step of the innermost shared loop reads a window of rows, `rows` further
// down than the step before. Where memory ends a page the processor no longer sees what comes next,
// so the rows are fetched that the step `steps` later reads, a page ahead. Of max_pool2d, whose
// rows of 112 are 8 pages to a plane, 1.17 times as fast as without.
struct NextWindow {
    int load = task::kNone;  // of Task::accesses
    task::AxisId outer = task::kNone;
    std::int64_t rows = 1;
    std::int64_t steps = 1;
};
[[nodiscard]] std::optional<NextWindow> next_window(const task::Task& task, const Plan& plan,
                                                    std::size_t stage);
[[nodiscard]] bool can_fetch(const task::Task& task, const Plan& plan, std::size_t stage);

// True if the access reads the tensor at the loop position of its reader, dimension by dimension
// from `first` on: `axes` are the reader's loops.
[[nodiscard]] bool elementwise(const task::Access& access, const std::vector<task::AxisId>& axes,
                               std::size_t first);

}  // namespace cupel::schedule::sweep

// SPDX-License-Identifier: Apache-2.0
// What a trace decides: which stages make a launch, and how each launch is worked on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "device/generic.hpp"
#include "schedule/contraction.hpp"
#include "schedule/schedule.hpp"
#include "task/task.hpp"

namespace cupel::device {

enum class Worker {
    Thread,  // each element of what is filled is a thread's
    Warp,    // each row is a warp's
    Block,   // each row is a block's
    Tile,    // a product of matrices, block by block
};

struct Tiling {
    int bm = 64, bn = 64, bk = 16;
    int tm = 4, tn = 4;
    int stages = 1;
    int wm = 0, wn = 0;  // sums of a warp on tensor cores; 0: threads add up

    [[nodiscard]] bool on_tensor_cores() const { return wm > 0; }
    [[nodiscard]] int warps() const { return bm / wm * (bn / wn); }
};

struct Launch {
    Generic generic = {};   // the stages of this launch as a task of their own
    std::size_t first = 0;  // ... from this one of the whole task on
    std::size_t depth = 0;  // leading axes that all of its stages share: they count rows
    Worker worker = Worker::Thread;
    int block = 256;
    int vector = 1;
    bool online = false;
    Tiling tiling = {};

    [[nodiscard]] task::TensorId fills() const { return generic.task.stages.back().out; }
    [[nodiscard]] int lanes() const { return worker == Worker::Warp ? 32 : block; }
};

struct Plan {
    Generic generic;
    std::vector<Launch> launches;
};

// Without any verbs, or with those of the trace. Invalid: the verb that refused, and why.
[[nodiscard]] Result<Plan> plan_of(const task::Task& task, const schedule::Trace& trace);
// The same where generic(task) is known: it takes most of the time.
[[nodiscard]] Result<Plan> plan_of(const task::Task& task, const Generic& known,
                                   const schedule::Trace& trace);
// A launch for each stage, a thread for each element.
[[nodiscard]] Result<Plan> naive_plan(const task::Task& task);
// The stages at which products begin that are worth a launch of their own, and what follows them.
[[nodiscard]] std::vector<std::size_t> product_cuts(const task::Task& task);

// The whole task as one contraction, or a launch of it. Invalid: why it is none.
[[nodiscard]] Result<schedule::Contraction> product_of(const task::Task& part);
[[nodiscard]] bool is_product(const task::Task& part);
// True if each stage fills exactly the rows' axes, so that a thread can do all of one element.
[[nodiscard]] bool is_elementwise(const Launch& launch);
// Intermediates of a launch that are computed where they are read.
[[nodiscard]] std::set<task::TensorId> inlined(const Launch& launch);
// Intermediates of a launch that are kept in shared memory, row by row.
[[nodiscard]] std::vector<task::TensorId> kept_rows(const Launch& launch);
// Position in the launch of the sum that an online pass computes beside the maximum; the number of
// stages where there is none.
[[nodiscard]] std::size_t online_partner(const Launch& launch, std::size_t maximum);

}  // namespace cupel::device

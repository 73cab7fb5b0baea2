// SPDX-License-Identifier: Apache-2.0
// Finds the matrix product inside a task: a sum over k of a(batch, m, k) * b(batch, k, n), followed
// by maps over the same elements. Products, linear layers, convolutions and triangular or batched
// products all have this form once their axes are grouped; where a factor is not a plain matrix,
// packing evaluates it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::schedule {

// How a factor can be read.
enum class Reading {
    Linear,    // one stride along its rows (or columns), one along k
    Runs,      // affine, with a constant outside: the last axis of the group runs with one stride
    Elements,  // element by element: masks, maps of a load, gathers, divided positions
};

// One factor. Its group is m for a, and n for b.
struct Factor {
    std::vector<task::ExprId> product;  // multiplied together; one in nearly every task
    std::vector<task::Bound> where;   // zero outside these bounds, in memory too where they say so
    std::vector<task::ExprId> masks;  // zero where one of these conditions does not hold
    int access = task::kNone;         // Linear and Runs: the factor is this load
    Reading reading = Reading::Elements;
    std::int64_t group_stride = 0;  // Linear: elements between neighbours in the group
    std::int64_t k_stride = 0;      // Linear: elements between neighbours in k
};

struct Contraction {
    const task::Stage* anchor = nullptr;     // the sum
    std::vector<const task::Stage*> finish;  // maps that follow it, in order; the last fills `out`
    task::TensorId out = task::kNone;        // the only output
    std::vector<task::AxisId> batch, m, n,
        k;  // axes of the anchor, outermost first; m and n are never empty
    Factor a, b;
    std::int64_t m_size = 1, n_size = 1, k_size = 1, batch_size = 1;
    std::int64_t m_stride = 0;  // elements of `out` between neighbours in m; 1 in n
};

// What the output may be: of the type that sums are kept in, since they are added up in it; or of
// 16 bits too, where sums are whole before they are stored.
enum class Stored { AsSummed, Rounded };

// Invalid: why the task is not one contraction.
[[nodiscard]] Result<Contraction> find_contraction(const task::Task& task,
                                                   Stored stored = Stored::AsSummed);

// Elements between neighbours along an axis of an affine access, in its tensor.
[[nodiscard]] std::int64_t stride_along(const task::Task& task, const task::Access& access,
                                        task::AxisId axis);

}  // namespace cupel::schedule

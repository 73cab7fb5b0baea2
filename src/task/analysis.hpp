// SPDX-License-Identifier: Apache-2.0
// One assignment with its names resolved and the extents of its axes known.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "task/affine.hpp"
#include "task/syntax.hpp"

namespace cupel::task {

// An axis of an assignment, before it becomes an Axis of a stage. In the Index forms below,
// Term::axis is a position in Analysis::variables.
struct Variable {
    std::string name;
    Place place;
    std::int64_t extent = 0;   // 0 while unknown
    std::optional<Index> low;  // low <= axis < high
    std::optional<Index> high;
};

struct Use {  // an access; a scalar tensor's name is one too
    NodeId node = kNone;
    TensorId tensor = kNone;
    std::vector<std::optional<Index>> at;  // nullopt: a gather
};

struct Analysis {
    std::vector<Variable> variables;           // left-hand ones first
    std::size_t left = 0;                      // how many of them
    std::map<NodeId, int> axis_of;             // Name nodes that are axes
    std::map<NodeId, Use> uses;                // Access nodes, and Name nodes of scalar tensors
    std::map<NodeId, std::vector<int>> binds;  // Reduce nodes
};

// What an assignment may refer to.
struct Surroundings {
    const Source& source;
    const File& file;
    const SizeTable& sizes;
    const Task& task;
    const std::map<std::string, TensorId, std::less<>>& tensors;  // defined before this assignment
    [[nodiscard]] Integers integers() const { return {source, file, sizes}; }
};

// Resolves names and infers extents (codegen rule: declared shapes first, then windows). `out` is
// the declared output's tensor, or kNone for an intermediate. Every error names axis and dimension.
[[nodiscard]] Result<Analysis> analyse(const Surroundings& around, const Assignment& assignment,
                                       TensorId out);

// The two halves of it (resolve.cpp, infer.cpp).
[[nodiscard]] Result<Analysis> resolve(const Surroundings& around, const Assignment& assignment,
                                       TensorId out);
[[nodiscard]] Result<void> infer(const Surroundings& around, Analysis& analysis);

}  // namespace cupel::task

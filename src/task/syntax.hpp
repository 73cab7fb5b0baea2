// SPDX-License-Identifier: Apache-2.0
// What the parser makes of a file: names are not yet resolved, sizes not yet computed. Calls of
// `def`s are already replaced by their bodies, so a node may have several parents (a DAG).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "task/source.hpp"
#include "task/task.hpp"

namespace cupel::task {

using NodeId = int;

enum class NodeKind {
    Number,
    Name,       // an axis, a size, or a scalar tensor
    Parameter,  // of a def, by position; never in a task
    Apply,      // an operator
    Access,     // name[kids... | outside]
    Reduce,     // name[binders...](kids[0])
};

struct Binder {  // `r < 3`, or `k`
    std::string name;
    std::string compare;  // "<", "<=", ">", ">=", or empty
    NodeId bound = kNone;
    Place place;
};

struct Node {
    NodeKind kind = NodeKind::Number;
    Place place;
    double number = 0;
    std::optional<std::int64_t> integer;  // Number: if it was written as one. Parameter: position.
    std::string name;
    Op op = Op::Const;
    std::vector<NodeId> kids;
    NodeId outside = kNone;
    std::vector<Binder> binders;
    int depth = 1;            // both are limited by the parser, so that every later walk may
    std::int64_t weight = 1;  // recurse, and may treat the DAG as a tree
};

struct Declaration {
    std::string name;
    Type type = Type::F32;
    std::vector<NodeId> extents;
    Place place;
};

struct SizeRule {
    std::string name;
    NodeId value = kNone;
    Place place;
};

struct Assignment {
    std::string name;
    std::vector<Binder> axes;  // compare is "" or "<"
    NodeId value = kNone;
    Place place;
};

struct ValuesRule {
    std::string tensor;
    Law law = Law::Normal;
    double a = 0;
    double b = 1;
    Place place;
};

struct ShapesRule {
    ShapeRange range;
    Place place;
};

struct File {
    std::string task;
    Place place;  // of the task's name
    std::vector<Node> nodes;
    std::vector<Declaration> inputs;
    std::vector<Declaration> outputs;
    std::vector<SizeRule> sizes;
    std::vector<Assignment> assignments;
    std::string precision = "fp32";
    std::vector<ValuesRule> values;
    std::vector<ShapesRule> shapes;
    std::vector<std::string> baselines;
    std::vector<std::string> functions;  // built-in and defined, for messages

    [[nodiscard]] const Node& node(NodeId id) const { return nodes[static_cast<std::size_t>(id)]; }
};

// Reads the whole file. Errors are complete messages.
[[nodiscard]] Result<File> read_syntax(const Source& source);

}  // namespace cupel::task

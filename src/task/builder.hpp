// SPDX-License-Identifier: Apache-2.0
// Appends to a Task: expressions and accesses are hash-consed, tensors checked for their size.
#pragma once

#include <map>
#include <set>
#include <tuple>

#include "task/task.hpp"

namespace cupel::task {

class Builder {
public:
    explicit Builder(Task& task) : task_(task) {}

    [[nodiscard]] Task& task() const { return task_; }

    ExprId constant(double value);
    ExprId axis_value(AxisId axis);
    ExprId load(Access access);
    ExprId load(TensorId tensor, std::span<const AxisId> at);
    // A negated constant becomes a constant; nothing else is changed.
    ExprId apply(Op op, std::span<const ExprId> kids);

    AxisId axis(std::string name, std::int64_t extent);
    TensorId tensor(Tensor tensor);
    // A name that nothing has yet: stem, stem2, stem3, ...
    std::string fresh_name(const std::string& stem);
    void take_name(const std::string& name) { names_.insert(name); }

    // Whether every value of the expression is a whole number by construction.
    [[nodiscard]] bool is_whole(ExprId id) const;

private:
    ExprId add(const Expr& expr);

    using Key = std::tuple<Op, std::uint64_t, int, ExprId, ExprId, ExprId>;
    Task& task_;
    std::map<Key, ExprId> exprs_;
    std::map<std::vector<std::int64_t>, int> accesses_;
    std::set<std::string, std::less<>> names_;
};

}  // namespace cupel::task

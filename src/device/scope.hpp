// SPDX-License-Identifier: Apache-2.0
// What the names in the text of a kernel stand for, and expressions in them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "device/generic.hpp"
#include "schedule/text.hpp"
#include "task/task.hpp"

namespace cupel::device {

// "float", "long long": as CUDA C++ says it.
[[nodiscard]] std::string_view device_type(task::Type type);

// A product as text: "B * N"; "1" of nothing.
[[nodiscard]] std::string product_text(const std::vector<std::string>& factors);

// In brackets where it is no single word.
[[nodiscard]] std::string bracketed(const std::string& text);

class Scope {
public:
    Scope(const Generic& of, schedule::Names& names_of) : generic(of), names(names_of) {}

    const Generic& generic;
    schedule::Names& names;
    std::map<task::AxisId, std::string> axes;      // what runs over them here
    std::map<task::TensorId, std::string> values;  // tensors of which one element is a variable
    std::map<task::TensorId, std::size_t> rows;    // tensors kept as rows: dimensions left out
    std::map<int, std::string> taken;              // accesses that were fetched before

    // A variable of the kernel's own, under a free name: the same for the same wish. For those that
    // are gone before they are declared again.
    std::string local(const std::string& wish);

    [[nodiscard]] const task::Task& task() const { return generic.task; }
    [[nodiscard]] std::string extent(task::AxisId axis) const;
    [[nodiscard]] std::string size_of(const std::vector<task::AxisId>& axes_of) const;
    [[nodiscard]] schedule::Leaves leaves() const;
    [[nodiscard]] std::string load(int access) const;
    // The element of the stage's tensor at the names that its axes have here.
    [[nodiscard]] std::string element_of(const task::Stage& stage) const;
    [[nodiscard]] std::string real(task::ExprId id) const;
    [[nodiscard]] std::string whole(task::ExprId id) const;
    [[nodiscard]] std::string truth(task::ExprId id) const;
    // The stage's body in the type of its tensor.
    [[nodiscard]] std::string value_of(const task::Stage& stage) const;
    // "const long long j = ..., i = ...;": where `flat` is the row-major position among the axes.
    void name_positions(const std::vector<task::AxisId>& axes_of, const std::string& flat,
                        std::string_view type, schedule::Writer& out);
    // The ends of a reduce axis: "0" and "N", or what the stage's bounds say.
    [[nodiscard]] std::string low_of(const task::Stage& stage, task::AxisId axis) const;
    [[nodiscard]] std::string high_of(const task::Stage& stage, task::AxisId axis) const;

private:
    std::map<std::string, std::string> locals_;
};

}  // namespace cupel::device

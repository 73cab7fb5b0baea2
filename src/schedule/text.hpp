// SPDX-License-Identifier: Apache-2.0
// Expressions of a task as C++ text: names, types, positions, and expressions in two forms, one
// element at a time (scalar) and one vector at a time. What a load or an axis is called is the
// caller's: the same expression prints as a naive loop body or as the epilogue of a register tile.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "schedule/vector_maths.hpp"
#include "task/task.hpp"

namespace cupel::schedule {

// f16 and bf16: loaded as floats, and rounded to nearest when they are stored.
[[nodiscard]] bool is_short(task::Type type);

// What sums and intermediates are kept in: F64 if the task's precision is fp64 or one of its
// floating tensors is f64, else F32.
[[nodiscard]] task::Type real_type(const task::Task& task);
[[nodiscard]] std::string_view real_name(const task::Task& task);        // "float" or "double"
[[nodiscard]] std::string_view element_name(task::Type type);            // "float", "std::int64_t"
[[nodiscard]] std::string number(double value, task::Type real);         // "1e-05f", "INFINITY"
[[nodiscard]] std::string identity(task::Reducer how, task::Type real);  // "0.0f", "-INFINITY"

// C++ identifiers: the source's own names where they are free. Two axes of one name share their
// identifier (they never live in one stage); tensors and sizes never clash with axes or with C++.
class Names {
public:
    explicit Names(const task::Task& task);
    [[nodiscard]] const std::string& tensor(task::TensorId id) const;
    [[nodiscard]] const std::string& axis(task::AxisId id) const;
    // A fresh identifier close to `wish`, never given out again.
    [[nodiscard]] std::string fresh(std::string wish);

private:
    std::vector<std::string> tensors_;
    std::vector<std::string> axes_;
    std::vector<std::string> taken_;
};

// `N` where a size of the task has this value (one named like the axis is preferred), else "4096".
[[nodiscard]] std::string extent(const task::Task& task, std::int64_t value,
                                 std::string_view axis_name = {});
// The size that the source declares for what the axis runs over, else as above.
[[nodiscard]] std::string extent(const task::Task& task, task::AxisId axis);
[[nodiscard]] std::string extent(const task::Task& task, task::TensorId tensor,
                                 std::size_t dimension);

// True if a `shapes` line lets the axis run further or less far: the kernel is compiled for each.
[[nodiscard]] bool varies(const task::Task& task, task::AxisId axis);

// How the leaves of an expression are written. load: the value of Task::accesses[i], as an element
// for scalar(), as a `vec` for vector(). axis: the loop variable (an integer), also under vector();
// lane_axis is the axis that runs through the lanes of a vector, its variable being that of lane 0.
struct Leaves {
    std::function<std::string(int access)> load;
    std::function<std::string(task::AxisId axis)> axis;
    task::AxisId lane_axis = task::kNone;
    // Under vector(): true where load() gives one element that all lanes share. Absent: never.
    std::function<bool(int access)> uniform = nullptr;
    // How a constant is written where it is not the plain number: a size of the task. Empty: it is.
    std::function<std::string(double)> constant = nullptr;
    bool device = false;  // functions and types as CUDA C++ has them, not the standard library
};

// True if the expression is exact in integers: axes, integer loads, whole constants, + - * min max.
[[nodiscard]] bool is_integer(const task::Task& task, task::ExprId id);

// One element, in real_type(). Fully parenthesised only where C++ needs it.
[[nodiscard]] std::string scalar(const task::Task& task, task::ExprId id, const Leaves& leaves);
// The same as an int64 (for gathers).
[[nodiscard]] std::string integer(const task::Task& task, task::ExprId id, const Leaves& leaves);
// The same as a condition.
[[nodiscard]] std::string condition(const task::Task& task, task::ExprId id, const Leaves& leaves);
// One `vec`; the functions it calls are noted in `maths`, whose prelude() must be printed before.
[[nodiscard]] std::string vector(const task::Task& task, task::ExprId id, const Leaves& leaves,
                                 VectorMaths& maths);

using AxisName = std::function<std::string(task::AxisId)>;
// `2 * p + r - 1`, without the division and without a gather; "0" if empty.
[[nodiscard]] std::string affine(const task::Index& index, const AxisName& axis);
// The row-major position of an access: `b * N + n`. Divisions are printed as `(..) / d`; gathers
// through integer(). The position is valid only where inside() holds. Dimensions before `first` are
// left out (a buffer of one row).
[[nodiscard]] std::string position(const task::Task& task, const task::Access& access,
                                   const Leaves& leaves, std::size_t first = 0);
// The condition under which an access with an outside value is inside: `r >= 1 && ...`; empty if it
// always is. Dimensions that move with the axis `sure` are known to be inside.
[[nodiscard]] std::string inside(const task::Task& task, const task::Access& access,
                                 const Leaves& leaves, task::AxisId sure = task::kNone);
// The access as an element: `x[b * N + n]`, or `inside ? x[...] : outside`.
[[nodiscard]] std::string element(const task::Task& task, const task::Access& access,
                                  const std::string& tensor_name, const Leaves& leaves);

// `extern "C" void kernel(const float* x, float* y)`
[[nodiscard]] std::string signature(const task::Task& task, const Names& names);

// Lines of text with indentation.
class Writer {
public:
    void line(std::string_view text = {});
    void lines(std::string_view text);  // several, each indented
    void open(std::string_view text);   // "for (...)" and a brace
    void close(std::string_view after = {});
    void otherwise();  // "} else {"
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
    int depth_ = 0;
};

}  // namespace cupel::schedule

// SPDX-License-Identifier: Apache-2.0
// A task in normal form: the one source for the oracle, the naive kernels, the counts and the
// schedule space. A task is a list of stages in order of computation; each stage fills one tensor
// by a map, or by one reduction, of an expression over affine accesses. `def`s are inlined and
// nested reductions are hoisted into stages of their own before anybody sees a Task.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::task {

enum class Type { F64, F32, F16, BF16, I64, I32, I8 };

[[nodiscard]] std::string_view type_name(Type type);  // "f32"
[[nodiscard]] std::size_t type_size(Type type);       // bytes
[[nodiscard]] bool is_float(Type type);

// Positions in the vectors of a Task. kNone where there is none.
using AxisId = int;
using TensorId = int;
using ExprId = int;
inline constexpr int kNone = -1;

// A loop variable with a fixed range 0 .. extent-1. Every stage has its own axes: two stages never
// share an AxisId, even where the source wrote the same letter (the name is kept for printing).
struct Axis {
    std::string name;
    std::int64_t extent = 0;
};

enum class Role { Input, Output, Intermediate };

struct Tensor {
    std::string name;  // hoisted reductions are named after their stage: y_sum, e_max, ...
    Type type =
        Type::F32;  // intermediates: F32, or F64 in a task whose precision is fp64; ArgMax: I64
    std::vector<std::int64_t> shape;  // empty: a scalar (one element)
    Role role = Role::Intermediate;

    [[nodiscard]] std::int64_t elements() const;
    [[nodiscard]] std::int64_t bytes() const;
};

// One position of an access: (sum of coefficient * axis + offset) / divisor, exactly; where the
// division leaves a remainder the access counts as outside. With a gather, the position is the
// (integer) value of that expression instead, and the terms are empty.
struct Index {
    struct Term {
        AxisId axis = kNone;
        std::int64_t coefficient = 1;
        bool operator==(const Term&) const = default;
    };
    std::vector<Term> terms;  // sorted by axis, no zero coefficients
    std::int64_t offset = 0;
    std::int64_t divisor = 1;
    ExprId gather = kNone;
    bool operator==(const Index&) const = default;

    // The axis, if this position is exactly that axis (coefficient 1, no offset, no division).
    [[nodiscard]] AxisId plain_axis() const;
};

struct Access {
    TensorId tensor = kNone;
    std::vector<Index> at;  // one per dimension; row-major
    ExprId outside =
        kNone;  // the value where some position is outside its dimension; kNone: the
                // access is known to stay inside (the parser proved it; gathers excepted)
};

// Operators. The number of operands is in parentheses.
enum class Op {
    Const,  // (0) number
    Axis,   // (0) the value of an axis
    Load,   // (0) an access
    Neg,
    Not,
    Abs,
    Exp,
    Log,
    Sqrt,
    Tanh,
    Erf,
    Sin,
    Cos,
    Floor,  // (1)
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Pow,  // (2)
    Less,
    LessEqual,
    Equal,
    NotEqual,
    And,
    Or,      // (2) 1 or 0
    Select,  // (3) condition ? kid[1] : kid[2]
};

[[nodiscard]] int operands(Op op);
[[nodiscard]] std::string_view op_name(Op op);

struct Expr {
    Op op = Op::Const;
    double number = 0;      // Const
    int reference = kNone;  // Axis: an AxisId. Load: a position in Task::accesses
    ExprId kid[3] = {kNone, kNone, kNone};
};

enum class Reducer {
    None,
    Sum,
    Prod,
    Max,
    Min,
    ArgMax,
    ArgMin
};  // arg: the lowest index among equals
// (`mean` in the source becomes a Sum stage divided by the constant count in its consumer.)

// A restriction of a reduce axis that depends on other axes: low <= axis < high where
// both ends are affine (`j <= i` has high = i + 1). Constant restrictions are already in the
// extent.
struct Bound {
    AxisId axis = kNone;
    std::optional<Index> low;
    std::optional<Index> high;
    // Set by a schedule that knows: what it leaves out of a sum is zero anyway.
    bool leaves_out_zeros = false;
};

struct Stage {
    TensorId out = kNone;
    std::vector<AxisId> keep;    // one per dimension of `out`, in order: out[keep...] = ...
    std::vector<AxisId> reduce;  // innermost last; empty for a map
    Reducer how = Reducer::None;
    std::vector<Bound> where;
    ExprId body = kNone;
    int line = 0;  // in the source, for messages
};

enum class Law {
    Normal,
    Uniform,
    Integers
};  // normal(mean, sd), uniform(low, high), integers(low, high) half open

struct Values {
    TensorId tensor = kNone;
    Law law = Law::Normal;
    double a = 0;
    double b = 1;
};

struct ShapeRange {  // `shapes B in 1..8192`
    std::string size;
    std::int64_t low = 0;
    std::int64_t high = 0;
};

struct Size {  // `where B = 4096`
    std::string name;
    std::int64_t value = 0;
    bool derived = false;  // computed from other sizes
};

struct Task {
    std::string name;
    std::string title;      // the first comment line of the file
    std::string text;       // the source, whole
    std::string precision;  // "fp32" (default), "fp64", "tf32", "bf16", "fp16"
    std::vector<Size> sizes;
    std::vector<Axis> axes;
    std::vector<Tensor> tensors;
    std::vector<Access> accesses;
    std::vector<Expr> exprs;
    std::vector<Stage> stages;
    std::vector<TensorId> inputs;   // in order of declaration: the order of the kernel's parameters
    std::vector<TensorId> outputs;  // ... which follow the inputs
    std::vector<Values> values;     // one per input, defaults filled in
    std::vector<ShapeRange> shapes;
    std::vector<std::string>
        baselines;  // "onednn softmax(x, y)"; the naive kernel is always in the panel

    [[nodiscard]] const Tensor& tensor(TensorId id) const {
        return tensors[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] const Axis& axis(AxisId id) const { return axes[static_cast<std::size_t>(id)]; }
    [[nodiscard]] const Expr& expr(ExprId id) const { return exprs[static_cast<std::size_t>(id)]; }
    [[nodiscard]] const Access& access(int id) const {
        return accesses[static_cast<std::size_t>(id)];
    }
    // The stage that fills the tensor, or null for an input.
    [[nodiscard]] const Stage* producer(TensorId id) const;
};

// What any kernel for the task must do at least, counted on the normal form: nothing invariant
// twice, nothing outside a restriction, no products with zero padding.
struct Counts {
    double flops = 0;            // additions, multiplications, divisions, comparisons of reductions
    double transcendentals = 0;  // exp, log, tanh, erf, sin, cos, pow, sqrt
    std::int64_t input_bytes = 0;   // every input once, as far as accesses reach it
    std::int64_t output_bytes = 0;  // every output once
    // The part of `flops` in products of two inputs whose sums are outputs but for maps: no algebra
    // within the task avoids them, only another algorithm for the product (Strassen).
    double product_flops = 0;
    [[nodiscard]] double bytes() const { return static_cast<double>(input_bytes + output_bytes); }
};
[[nodiscard]] Counts count(const Task& task);

struct Override {  // --set N=1024
    std::string name;
    std::int64_t value = 0;
};

// Parses, infers extents, and brings to normal form. `file` is the name used in messages. On error
// the text is complete for a person: "file:line:column: error: ...", the line, a caret, and what
// was expected.
[[nodiscard]] Result<Task> parse(std::string_view text, std::string_view file,
                                 std::span<const Override> overrides = {});

// Finds `name` as a path, or as tasks/<name>.task in the search folders (the first that has it); an
// unknown name is NotFound with the nearest name.
[[nodiscard]] Result<Task> load(std::string_view name, std::span<const std::string> folders,
                                std::span<const Override> overrides = {});
[[nodiscard]] std::vector<std::string> list(std::span<const std::string> folders);

// The normal form as index notation, one stage a line: what `cupel show` prints. It parses back to
// the same stages; sizes are printed as numbers, so `shapes` lines are left out.
[[nodiscard]] std::string print(const Task& task);
// One expression of a stage, in the same notation.
[[nodiscard]] std::string print(const Task& task, const Stage& stage, ExprId expr);

}  // namespace cupel::task

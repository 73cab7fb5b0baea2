// SPDX-License-Identifier: Apache-2.0
// A task made ready for the interpreter: every stage's body as a list of instructions on registers,
// in which an expression that occurs twice is computed once. Written against the normal form alone;
// it shares nothing with the printers of kernels, which it is there to check.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::oracle {

// (sum of coefficient * axis + offset) / divisor. Axes are slots: the stage's kept axes in order,
// then its reduced ones.
struct Affine {
    struct Term {
        int slot = 0;
        std::int64_t coefficient = 1;
    };
    std::vector<Term> terms;
    std::int64_t offset = 0;
    std::int64_t divisor = 1;
};

struct Place {  // one dimension of a load
    Affine affine;
    int gather = task::kNone;  // the register that holds the position instead
    std::int64_t extent = 0;
    std::int64_t stride = 1;  // elements
};

enum class Source {
    Input,       // from the input region
    Inlined,     // a map: its body is evaluated on the spot
    Remembered,  // a stage that is costly to repeat: computed when first asked for, then kept
};

struct Load {
    Source source = Source::Input;
    int number = 0;  // the position among the inputs, or the stage
    task::Type type = task::Type::F32;
    std::vector<Place> at;
    int outside = task::kNone;  // register; none: NaN
};

struct Instruction {
    task::Op op = task::Op::Const;
    double number = 0;
    int reference = task::kNone;  // Axis: a slot. Load: a position in StageCode::loads
    int out = 0;                  // registers
    int kid[3] = {task::kNone, task::kNone, task::kNone};
    // Add and Sub: the square root of the additions in the sum that the operand may begin, which is
    // the other one. 0: that is no sum.
    double begins[2] = {0, 0};
};

struct Restriction {  // low <= axis < high
    int slot = 0;
    bool has_low = false;
    bool has_high = false;
    Affine low;
    Affine high;
};

struct StageCode {
    std::vector<Instruction> instructions;
    std::vector<Load> loads;
    int registers = 0;
    int result = 0;                     // register
    std::vector<std::int64_t> extents;  // by slot
    int keep = 0;                       // the first `keep` slots are kept, the rest reduced
    task::Reducer how = task::Reducer::None;
    std::vector<Restriction> rows;     // of the innermost axis: they cut a row to a range
    std::vector<Restriction> tuples;   // of outer axes alone: they drop whole rows
    std::vector<Restriction> filters;  // the rest: asked for every term
    task::Type type = task::Type::F32;
    bool remembered = false;
    bool orderless = false;  // the order of summation cannot show: the panel is one value
    std::int64_t elements = 1;
    double additions = 0;    // in the sum that its result is, at most; 0: none
    std::size_t weight = 0;  // instructions, with those of inlined maps
};

struct InputCode {
    task::Type type = task::Type::F32;
    std::int64_t bytes = 0;
};

struct Code {
    std::vector<StageCode> stages;
    std::vector<InputCode> inputs;
    std::vector<int> outputs;  // stages
    bool fp64 = false;         // the panel computes in double
    int precision_bits = 24;   // of the significand, in the task's class of precision
};

// Invalid where the task does not hold together: a reference out of range, a stage read before it
// is filled, a tensor of more than 2^48 elements.
[[nodiscard]] Result<Code> compile(const task::Task& task);

}  // namespace cupel::oracle

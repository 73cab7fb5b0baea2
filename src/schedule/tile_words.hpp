// SPDX-License-Identifier: Apache-2.0
// What things are called in the text of a tiled kernel, and the text of its packing functions.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/text.hpp"
#include "schedule/tile_plan.hpp"
#include "schedule/vector_maths.hpp"

namespace cupel::schedule::tile {

// Text with blanks: `{name}` is replaced where `name` is known, all else stays as it is.
using Blanks = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] std::string fill(std::string_view text, const Blanks& blanks);

// A group of axes as one loop.
struct Group {
    std::vector<task::AxisId> axes;
    std::string name;   // the loop variable: `m`, or `pq` for p and q
    std::string start;  // the block's first: `m0`
    std::string size;   // how many: `M`, or `P * Q`
    std::string end;    // where its loop ends: the same, or a variable
};

// An operand as the kernel sees it.
struct Operand {
    const Factor& factor;
    const Group& group;
    std::string pack;    // its packing function, and ...
    std::string panels;  // ... the scratch that it fills
    std::string panel;   // MR or NR
    std::string block;   // MC or NC
    std::string some;    // rows or cols: how many there are in this block
    bool packed = true;
    bool shared = false;                  // packed once for all threads
    bool once = false;                    // packed whole, before the block loops
    std::vector<task::TensorId> tensors;  // what the factor reads
    std::vector<task::AxisId> batch;      // the batch axes it depends on
};

class Words {
public:
    Words(const Problem& the_problem, const Plan& the_plan);
    ~Words() = default;
    Words(const Words&) = delete;  // operands refer to groups
    Words& operator=(const Words&) = delete;
    Words(Words&&) = delete;
    Words& operator=(Words&&) = delete;

    Problem problem;
    task::Task task;  // without the sizes whose names the kernel uses for itself
    Contraction contraction;
    Plan plan;
    Names names;
    Group m, n, k;
    std::string real;  // float or double
    Operand a, b;

    // Elements between neighbours along an axis or a linear group, by the names of the sizes; ""
    // is 1.
    [[nodiscard]] std::string stride(const task::Access& access, task::AxisId axis) const;
    [[nodiscard]] std::string stride(const task::Access& access, const Group& group) const;
    [[nodiscard]] std::string out_stride(task::AxisId axis) const;
    // Where a Linear operand's matrix begins: the tensor, its offset and its batch axes.
    [[nodiscard]] std::string base(const Operand& operand) const;
    // Declares the wanted axes of a fused group from its loop variable; nothing for a single axis.
    void split(const Group& group, const std::vector<task::AxisId>& wanted, Writer& out,
               bool varying = false) const;
    // The same as text, indented by so many steps.
    [[nodiscard]] std::string axes_from(const Group& group, const std::vector<task::AxisId>& wanted,
                                        int depth, bool varying = false) const;
    // Inputs read from their arrays, axes by their names.
    [[nodiscard]] Leaves leaves() const;

private:
    [[nodiscard]] Group group(const std::vector<task::AxisId>& axes);
    [[nodiscard]] Operand operand(bool is_a);
};

[[nodiscard]] std::string indented(const std::string& text, int depth);
// `variable * stride`, without what is not needed.
[[nodiscard]] std::string times(const std::string& variable, const std::string& stride);

// The tensors and axes that an expression reads.
void tensors_of(const task::Task& task, task::ExprId id, std::vector<task::TensorId>& out);
void axes_of(const task::Task& task, task::ExprId id, std::vector<task::AxisId>& out);
[[nodiscard]] std::vector<task::AxisId> axes_of(const task::Task& task, const Factor& factor);

// Fills panels from a block: groups of MR rows (NR columns), one step of k after the other, zero
// past the end.
void print_pack(const Words& words, const Operand& operand, VectorMaths& maths, Writer& out);
// One block, from `start`, as many as `some` says.
[[nodiscard]] std::string pack_call(const Words& words, const Operand& operand,
                                    const std::string& to, const std::string& start,
                                    const std::string& some);

}  // namespace cupel::schedule::tile

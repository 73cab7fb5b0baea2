// SPDX-License-Identifier: Apache-2.0
// The text of what follows the sum: the maps after it, for one register tile.
#pragma once

#include <string>
#include <vector>

#include "schedule/text.hpp"
#include "schedule/tile_words.hpp"
#include "schedule/vector_maths.hpp"

namespace cupel::schedule::tile {

class Finish {
public:
    explicit Finish(const Words& words);

    // True if the register tile finishes its sums before it stores them: stages of vectors that
    // call no function of vector maths. Those would be printed once for each vector of the tile,
    // more text than the loop over the stored tile costs time.
    [[nodiscard]] bool in_registers() const;

    void print(VectorMaths& maths, Writer& out) const;
    // The call up to the batch axes; rows and columns follow.
    [[nodiscard]] std::string call(const std::string& y) const;
    // What finishes the vector `x` at a row and a column of the tile: a function object.
    [[nodiscard]] std::string function() const;

private:
    // Axes of a later stage are the anchor's by position.
    [[nodiscard]] task::AxisId anchor_axis(task::AxisId axis) const;
    [[nodiscard]] bool in_n(task::AxisId axis) const;
    [[nodiscard]] bool computed(const task::Access& access) const;
    [[nodiscard]] Leaves scalar_leaves() const;
    [[nodiscard]] Leaves vector_leaves(VectorMaths& maths) const;
    [[nodiscard]] bool has_vectors() const;
    [[nodiscard]] bool lanes_are_neighbours(const task::Access& access) const;
    [[nodiscard]] bool depends_on_n(const task::Access& access) const;
    [[nodiscard]] bool vectors(task::ExprId id) const;
    // Those of n that the text of the stages names.
    [[nodiscard]] std::vector<task::AxisId> named_in_n() const;
    // The stages as lines; the last one is returned as an expression.
    // What comes before the row and the column: inputs and batch axes.
    [[nodiscard]] std::string parameters() const;
    [[nodiscard]] std::string arguments() const;
    void print_vector(VectorMaths& maths, Writer& out) const;
    template <class Print>
    std::string body(const std::string& type, Print expression, Writer& out) const;
    std::string vector_body(VectorMaths& maths, Writer& out) const;

    const Words& words_;
    std::vector<task::TensorId> tensors_;
};

}  // namespace cupel::schedule::tile

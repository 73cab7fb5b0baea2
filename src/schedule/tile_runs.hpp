// SPDX-License-Identifier: Apache-2.0
// Packing of what is read in runs (Reading::Runs): the last axis of the operand's group goes
// through the tensor with one stride, and what lies outside of it is a constant.
#pragma once

#include <string>

#include "schedule/tile_words.hpp"
#include "schedule/vector_maths.hpp"

namespace cupel::schedule::tile {

// False if the last axis goes backwards, as in a flipped kernel; then it is packed by elements.
[[nodiscard]] bool runs_forward(const Words& words, const Operand& operand);
// The body of a packing function, from the blanks that every packing function has.
[[nodiscard]] std::string runs(const Words& words, const Operand& operand, VectorMaths& maths,
                               Blanks all);

}  // namespace cupel::schedule::tile

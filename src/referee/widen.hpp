// SPDX-License-Identifier: Apache-2.0
// What a law may draw and hardly ever does, put into a question that was drawn: runs that are
// larger than usual, rows of one sign, tiny rows, equal values far apart, extremes at the ends. A
// normal law has no largest value and no smallest; other laws are kept to the letter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "task/task.hpp"

namespace cupel::referee {

// What is done to one row: the elements of a tensor that agree in its first dimensions.
enum class Row { Plain, Low, High, Tiny };

// Changes the values of one input under a key. Only where `rows`, which formulas that add and
// multiply only do not need:
//   Low   of a normal law: all negative, beyond what exp() has in fp32; of others: at the low end
//   High  the same at the other end
//   Tiny  of a normal law: 2^8 to 2^24 times smaller
//   and of four lines along some dimension, one has an extreme value twice, one has it first, one
//   last
// Of integers the rows of one end hold one value, and need no leave: sums of them overflow where
// random ones cancel. Says whether the law has such values.
bool widen_values(std::span<std::byte> bytes, const task::Tensor& tensor,
                  const task::Values& values, std::uint64_t key, bool rows);

}  // namespace cupel::referee

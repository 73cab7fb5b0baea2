// SPDX-License-Identifier: Apache-2.0
// What a law may draw and hardly ever does, put into a question that was drawn: runs that are
// larger than usual, rows of one sign, tiny rows, equal values far apart, extremes at the ends. A
// normal law has no largest value and no smallest; other laws are kept to the letter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "task/task.hpp"

namespace cupel::referee {

// What is done to one row: the elements of a tensor that agree in its first dimensions.
enum class Row { Plain, Low, High, Tiny };

// Rows of one kind fill a whole column, or a channel of a whole batch, only where all rows of an
// input are of that kind. So that is dealt, not drawn: of every four widened questions each input
// is once all Low, once all High and once all Tiny, in a secret order, and all inputs are once as
// they come: in the first hand each row for itself, so that two have rows of every pair of kinds.
// In one hand all are of one kind together, in the next each is of another, so that of two one is
// Low while the other is High: scores of an attention are far below zero only there. Inputs of
// integers begin together, as narrow sums of products overflow where both factors are at an end;
// others begin apart.
struct WideDeal {
    static constexpr std::uint64_t kHand = 4;  // questions
    std::uint64_t seed = 0;                    // of the hand
    std::uint64_t number = 0;                  // of the widened question, from 0
};

// What all rows of the input are; nothing: each is drawn.
[[nodiscard]] std::optional<Row> dealt_rows(const task::Task& task, std::size_t input,
                                            const WideDeal& deal);

struct Widening {
    std::uint64_t key = 0;
    bool rows = false;
    bool choices = false;         // the formula takes the largest or smallest of its elements
    std::optional<Row> all = {};  // rows, as dealt
    bool each = false;            // row is drawn for itself; else larger pieces may be alike
};

// Changes the values of one input under a key. Only where `rows`, which formulas that add and
// multiply only do not need:
//   Low   of a normal law: all negative, beyond what exp() has in fp32; of others: at the low end
//   High  the same at the other end
//   Tiny  of a normal law: 2^8 to 2^24 times smaller
//   and of four lines along some dimension, one has an extreme value twice, one has it first, one
//   last, and in one of a normal law the extreme is so far from all others that exponentials of
//   the differences are nothing
// and where the formula chooses among elements as they are, which has one answer by IEEE's order:
//   of eight lines one has another value one unit in the last place from its extreme, before or
//   behind it, and two of a normal law have both zeros for their extremes, and no other value of
//   their sign: neither is larger
// Of integers the rows of one end hold one value, and need no leave: sums of them overflow where
// random ones cancel. Says whether the law has such values.
bool widen_values(std::span<std::byte> bytes, const task::Tensor& tensor,
                  const task::Values& values, const Widening& widening);

}  // namespace cupel::referee

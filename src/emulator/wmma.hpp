// SPDX-License-Identifier: Apache-2.0
// The small steps that wmma.load, wmma.store, stmatrix and movmatrix are made of. What they do to
// memory is done by ordinary loads and stores, so that whatever is checked of those is checked of
// these.
#pragma once

#include "emulator/access.hpp"

namespace cupel::emulator {

// What meet_at_matrix holds an address to: Code::lists[Op::target].
constexpr std::size_t kBaseAlignment = 0;
constexpr std::size_t kElementBytes = 1;
constexpr std::size_t kRowAlignment = 2;

// All lanes come with one address and one stride. d: the address, 64 bits wide; d2: the stride.
// a, imm, flags: the address; b: the stride.
void meet_at_matrix(Warp& warp, const Op& op);
// d = where the lane's element lies. a: the address, b: the stride, bytes: of an element;
// lists[target]: of each lane, how many strides << 16 | how many elements.
void place_elements(Warp& warp, const Op& op);
// A register from what was loaded for its parts. a, b, c, e: rows of 16 bits; elements: how many of
// them; bytes: of a part.
void join_parts(Warp& warp, const Op& op);
void take_half(Warp& warp, const Op& op);  // d, of 16 bits = a >> imm

// stmatrix: the 16 bytes of a row, from those who hold them to the lane with its address.
// lists[target]: the four words of a row, then the registers, one a matrix; elements: how many
// matrices; bytes: 1 for .trans.
void collect_rows(Warp& warp, const Op& op);
void collect_rows_checked(Warp& warp, const Op& op);
// d: those of the lanes in imm for which the guard a holds, or does not where target is all ones.
void choose_givers(Warp& warp, const Op& op);
void transpose_matrix(Warp& warp, const Op& op);  // movmatrix
void transpose_matrix_checked(Warp& warp, const Op& op);

}  // namespace cupel::emulator

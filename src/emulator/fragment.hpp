// SPDX-License-Identifier: Apache-2.0
// Which register of which lane holds which element of a matrix instruction's operands (mma.sync,
// and wgmma with A in registers, seen as the 16 rows of one warp and 8 columns). PTX leaves this
// open for wmma, where it is that of the mma.sync of the same rows and depth, twice for 16 columns.
#pragma once

#include "emulator/tensor_rule.hpp"

namespace cupel::emulator {

// Registers of one lane: 32 bits each, 64 of F64. A warpgroup's B has none.
[[nodiscard]] unsigned a_registers(const MatrixOperation& op);
[[nodiscard]] unsigned b_registers(const MatrixOperation& op);
[[nodiscard]] unsigned c_registers(const MatrixOperation& op);
[[nodiscard]] unsigned bits_of_register(const MatrixOperation& op);
[[nodiscard]] unsigned bits_of_accumulator(const MatrixOperation& op);

struct Cell {
    unsigned row = 0;
    unsigned column = 0;
};
// Where the element `part` (lowest bits first) of a register lies; of A (row, k), of B (k, column).
[[nodiscard]] Cell cell_in_a(const MatrixOperation& op, unsigned lane, unsigned reg, unsigned part);
[[nodiscard]] Cell cell_in_b(const MatrixOperation& op, unsigned lane, unsigned reg, unsigned part);
[[nodiscard]] Cell cell_in_c(const MatrixOperation& op, unsigned lane, unsigned reg, unsigned part);

// The other way round for C and D.
struct Slot {
    unsigned lane = 0;
    unsigned reg = 0;
    unsigned part = 0;
};
[[nodiscard]] Slot slot_of_c(const MatrixOperation& op, Cell cell);

}  // namespace cupel::emulator

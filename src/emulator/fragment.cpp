// SPDX-License-Identifier: Apache-2.0
#include "emulator/fragment.hpp"

#include <algorithm>

namespace cupel::emulator {
namespace {

unsigned registers(const MatrixOperation& op, unsigned elements, unsigned bits) {
    return elements * bits / 32 / bits_of_register(op);
}

}  // namespace

unsigned bits_of_register(const MatrixOperation& op) {
    return op.a == Element::F64 ? 64 : 32;
}

unsigned bits_of_accumulator(const MatrixOperation& op) {
    if (op.c == Accumulator::F16) return 16;
    return op.c == Accumulator::F64 ? 64 : 32;
}

unsigned a_registers(const MatrixOperation& op) {
    return registers(op, op.m * op.k, bits_of(op.a));
}
unsigned b_registers(const MatrixOperation& op) {
    return op.warpgroup ? 0 : registers(op, op.n * op.k, bits_of(op.b));
}
unsigned c_registers(const MatrixOperation& op) {
    return registers(op, op.m * op.n, bits_of_accumulator(op));
}

// Lanes lie in eight groups of four. A register of A or B holds neighbours along k; the four lanes
// of a group stand beside each other, then the next register goes on behind them.
Cell cell_in_a(const MatrixOperation& op, unsigned lane, unsigned reg, unsigned part) {
    const unsigned per_register = bits_of_register(op) / bits_of(op.a);
    const bool two_rows = op.m == 16;
    const unsigned block = two_rows ? reg >> 1 : reg;
    return {lane / 4 + (two_rows ? 8 * (reg & 1) : 0),
            (lane % 4 + 4 * block) * per_register + part};
}

// The 16 columns of a wmma are two times the 8 of an mma.sync.
Cell cell_in_b(const MatrixOperation& op, unsigned lane, unsigned reg, unsigned part) {
    const unsigned per_register = bits_of_register(op) / bits_of(op.b);
    const unsigned eight = std::max(1U, registers(op, 8 * op.k, bits_of(op.b)));
    return {(lane % 4 + 4 * (reg % eight)) * per_register + part, lane / 4 + 8 * (reg / eight)};
}

Cell cell_in_c(const MatrixOperation& op, unsigned lane, unsigned reg, unsigned part) {
    const unsigned eight = std::max(1U, registers(op, op.m * 8, bits_of_accumulator(op)));
    const unsigned column = lane % 4 * 2 + 8 * (reg / eight);
    reg %= eight;
    if (op.c == Accumulator::F16) return {lane / 4 + 8 * reg, column + part};
    return {lane / 4 + 8 * (reg >> 1), column + (reg & 1)};
}

Slot slot_of_c(const MatrixOperation& op, Cell cell) {
    const unsigned lane = cell.row % 8 * 4 + cell.column / 2;
    const unsigned low = cell.column % 2;
    if (op.c == Accumulator::F16) return {lane, cell.row / 8, low};
    return {lane, cell.row / 8 * 2 + low, 0};
}

}  // namespace cupel::emulator

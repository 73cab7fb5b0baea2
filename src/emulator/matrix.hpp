// SPDX-License-Identifier: Apache-2.0
// Matrices of a warp: ldmatrix, mma.sync and wmma.mma. The arithmetic is that of
// tensor_rule.hpp, bit for bit.
#pragma once

#include "emulator/access.hpp"
#include "emulator/fragment.hpp"

namespace cupel::emulator {

// The rows of one mma, in Code::lists[Op::target]: those of d, a, b and c, one after the other.
struct MatrixPlan {
    MatrixOperation operation;
    unsigned a = 0, b = 0, c = 0;  // registers of one lane
    // Where an element of a register lies: [(lane * registers + register) * parts + part]
    std::vector<std::uint16_t> a_places, b_places, c_places;
};
[[nodiscard]] MatrixPlan make_plan(const MatrixOperation& operation);

// Where they are not all there, that is a finding.
[[nodiscard]] bool needs_all_lanes(const Warp& warp, const Op& op);

void load_matrix(Warp& warp, const Op& op);  // elements: matrices; imm2 in e
void load_matrix_checked(Warp& warp, const Op& op);
void multiply_matrices(Warp& warp, const Op& op);  // bytes: index into Code::plans
void multiply_matrices_checked(Warp& warp, const Op& op);

}  // namespace cupel::emulator

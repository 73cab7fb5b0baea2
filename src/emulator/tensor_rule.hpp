// SPDX-License-Identifier: Apache-2.0
// What a matrix instruction gives for a whole tile, bit for bit as an NVIDIA H200 does (driver
// 580.159.04; how that was measured: docs/formats/golden.md). Instructions that nobody has measured
// are not modelled, and the emulator refuses them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "emulator/tensor_core.hpp"

namespace cupel::emulator {

enum class Accumulator : std::uint8_t { F32, F16, S32, F64 };

struct MatrixOperation {
    unsigned m = 0, n = 0, k = 0;
    Element a = Element::F16, b = Element::F16;
    Accumulator c = Accumulator::F32;
    bool saturates = false;  // integers: .satfinite
    bool both_bits = false;  // of bits: and.popc, not xor.popc
    bool warpgroup = false;  // wgmma: of its 64 rows the 16 of one warp, m = 16
    bool wmma = false;
};

// Whether silicon has been seen doing this, and multiply() does the same.
[[nodiscard]] bool is_modelled(const MatrixOperation& op);

// In words, for people: "groups of 16 products, ...".
[[nodiscard]] std::string rule_of(const MatrixOperation& op);

// D = A * B + C, in bits of the elements. A has m rows of k, B n columns of k, C and D m rows of n.
// The operation must be modelled.
void multiply(const MatrixOperation& op, std::span<const std::uint64_t> a,
              std::span<const std::uint64_t> b, std::span<const std::uint64_t> c,
              std::span<std::uint64_t> d);

}  // namespace cupel::emulator

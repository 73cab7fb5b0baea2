// SPDX-License-Identifier: Apache-2.0
// The arithmetic of tensor cores, in integers. Products of a group and the addend are aligned to
// the greatest exponent among them, cut off below a fixed number of fraction bits, added exactly,
// and rounded once; longer sums go group by group. The parameters are properties of the silicon:
// found by trying, not documented by its maker (the shape of the model is that of Khattak and
// Mikaitis, arXiv 2512.07004). Which parameters an instruction has: tensor_rule.hpp.
#pragma once

#include <cstdint>
#include <span>

namespace cupel::emulator {

enum class Element : std::uint8_t { F16, Bf16, Tf32, E4m3, E5m2, F32, F64, S8, U8, S4, U4, B1 };

[[nodiscard]] unsigned bits_of(Element element);

// A float taken apart: significand * 2^(exponent - fraction bits of its type). Of a zero the
// significand is 0.
struct Decoded {
    enum class Kind : std::uint8_t { Finite, Infinite, NotANumber };
    Kind kind = Kind::Finite;
    bool negative = false;
    std::uint32_t significand = 0;
    int exponent = 0;
};

// Fraction bits of a floating element; 0 of the others.
[[nodiscard]] int fraction_bits_of(Element element);
// Tf32 ignores the lowest 13 bits. A subnormal keeps the least exponent and has no leading one.
[[nodiscard]] Decoded decode(Element element, std::uint64_t bits);

struct TensorCoreModel {
    unsigned group = 16;     // products added in one go
    int fraction_bits = 25;  // kept below the greatest exponent
    bool nearest = false;    // the final rounding: to nearest even, or towards zero
    int result_bits = 23;  // of the result's fraction, at most; the rest is cut off before rounding

    bool operator==(const TensorCoreModel&) const = default;
};

struct Factors {
    Element type = Element::F16;
    std::span<const Decoded> values;
};

// c + sum of a[i] * b[i]; c and the result are bits of the accumulator's type, F32 or F16. Between
// groups the sum is rounded to that type.
[[nodiscard]] std::uint32_t multiply_accumulate(const TensorCoreModel& model, const Factors& a,
                                                const Factors& b, Element type_c, std::uint32_t c);

}  // namespace cupel::emulator

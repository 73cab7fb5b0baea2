// SPDX-License-Identifier: Apache-2.0
// Stored numbers: what the bytes of a tensor say, and what storing a number makes of it.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "task/task.hpp"

namespace cupel::oracle {

struct Half {  // IEEE binary16
    std::uint16_t bits = 0;
    explicit operator float() const {
        const int exponent = bits >> 10 & 31;
        const auto fraction = static_cast<float>(bits & 1023);
        float magnitude = std::ldexp(1024.0F + fraction, exponent - 25);
        if (exponent == 0) magnitude = std::ldexp(fraction, -24);
        if (exponent == 31) {
            magnitude = (bits & 1023) == 0 ? std::numeric_limits<float>::infinity()
                                           : std::numeric_limits<float>::quiet_NaN();
        }
        return (bits & 0x8000) != 0 ? -magnitude : magnitude;
    }
};

struct BrainFloat {  // the upper half of a binary32
    std::uint16_t bits = 0;
    explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

// p of the floating types: u = 2^-p is half the gap above one. 0 for integers.
[[nodiscard]] constexpr int significand_bits(task::Type type) {
    switch (type) {
        case task::Type::F64:
            return 53;
        case task::Type::F32:
            return 24;
        case task::Type::F16:
            return 11;
        case task::Type::BF16:
            return 8;
        case task::Type::I64:
        case task::Type::I32:
        case task::Type::I8:
            return 0;
    }
    return 0;
}

// The same of a task's class of precision.
[[nodiscard]] constexpr int precision_bits(std::string_view precision) {
    if (precision == "fp64") return 53;
    if (precision == "tf32" || precision == "fp16") return 11;
    return precision == "bf16" ? 8 : 24;
}

// The nearest number of the type, ties to even; integers are truncated as a C cast does.
[[nodiscard]] inline double stored(double value, task::Type type) {
    if (type == task::Type::F64) return value;
    if (type == task::Type::F32) return static_cast<double>(static_cast<float>(value));
    if (significand_bits(type) == 0) return std::trunc(value);
    if (value == 0 || !std::isfinite(value)) return value;
    const bool half = type == task::Type::F16;
    const int least = half ? -14 : -126;
    const double largest = half ? 65504.0 : 0x1.FEp127;
    const int exponent = std::max(std::ilogb(value), least);
    const double gap = std::ldexp(1.0, exponent - (significand_bits(type) - 1));
    const double rounded = std::nearbyint(value / gap) * gap;
    if (std::abs(rounded) > largest)
        return std::copysign(std::numeric_limits<double>::infinity(), value);
    return rounded;
}

}  // namespace cupel::oracle

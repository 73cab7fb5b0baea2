// SPDX-License-Identifier: Apache-2.0
// What the conversions (alu_convert*.cpp) share: how values of each type are stored and read.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "emulator/module.hpp"
#include "emulator/real.hpp"

namespace cupel::emulator {

// 8-bit values live in 16-bit rows.
template <class T>
using Stored = std::conditional_t<sizeof(T) == 1, std::uint16_t, std::make_unsigned_t<T>>;

// How a real type is stored, and read as a double, in which each of its values is exact.
struct F16 {
    using Store = std::uint16_t;
    static constexpr Type kType = Type::F16;
    static double read(std::uint16_t bits) { return F16Format::to_double(bits); }
};
struct BF16 {
    using Store = std::uint16_t;
    static constexpr Type kType = Type::BF16;
    static double read(std::uint16_t bits) { return BF16Format::to_double(bits); }
};
struct F32 {
    using Store = float;
    static constexpr Type kType = Type::F32;
    static double read(float value) { return static_cast<double>(value); }
};
struct F64 {
    using Store = double;
    static constexpr Type kType = Type::F64;
    static double read(double value) { return value; }
};

template <Round R>
double rounded(double value) {
    if constexpr (R == Round::Nearest) return std::nearbyint(value);
    if constexpr (R == Round::Zero) return std::trunc(value);
    if constexpr (R == Round::Down) return std::floor(value);
    return std::ceil(value);
}

// What may be asked of a conversion, added up.
constexpr unsigned kPlain = 0;
constexpr unsigned kFtz = 1;
constexpr unsigned kSat = 2;
constexpr unsigned kRelu = 4;
constexpr unsigned kFinite = 8;

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
#include "referee/half.hpp"

#include <bit>
#include <cmath>

namespace cupel::referee {

std::uint16_t to_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
    const float size = std::abs(value);
    if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00U);
    if (size >= 65520.0F) return static_cast<std::uint16_t>(sign | 0x7c00U);
    if (size < 0x1p-14F) {
        return static_cast<std::uint16_t>(sign |
                                          static_cast<std::uint16_t>(std::lrint(size * 0x1p24F)));
    }
    const std::uint32_t rounded = std::bit_cast<std::uint32_t>(size) + 0xfffU + ((bits >> 13) & 1U);
    return static_cast<std::uint16_t>(sign | ((rounded >> 13) - (112U << 10)));
}

std::uint16_t to_bfloat(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

float from_half(std::uint16_t bits) {
    // As the bits of a float it is 2^-112 of its value, subnormals and zeros included.
    const std::uint32_t sign = (bits & 0x8000U) << 16;
    const std::uint32_t size = (bits & 0x7fffU) << 13;
    if (size >= 31U << 23) {  // infinity, or a NaN with its fraction
        return std::bit_cast<float>(sign | (size + (224U << 23)));
    }
    return std::bit_cast<float>(
        sign | std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) * 0x1p112F));
}

float from_bfloat(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace cupel::referee

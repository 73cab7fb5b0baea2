// SPDX-License-Identifier: Apache-2.0
// The two 16-bit types, as bits: IEEE 754 binary16 and bfloat16. Rounding is to nearest, ties to
// even, and overflow to infinity.
#pragma once

#include <cstdint>

namespace cupel::referee {

[[nodiscard]] std::uint16_t to_half(float value);
[[nodiscard]] std::uint16_t to_bfloat(float value);
[[nodiscard]] float from_half(std::uint16_t bits);
[[nodiscard]] float from_bfloat(std::uint16_t bits);

}  // namespace cupel::referee

// SPDX-License-Identifier: Apache-2.0
// The operands that instruction forms are tried with: every type's special values in all
// combinations that are cheap, then random bits bent towards trouble. Counter-based: an operand
// depends on its form's name, its place and its lane, and on nothing else, so that whoever holds
// the golden results makes the same operands again.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cupel::emulator::conformance {

// How an operand's bits are chosen, and how wide it lies in memory. Arithmetic types come first;
// the others are integers that only some values make sense for.
enum class Type : std::uint8_t {
    Pred,
    B8,
    U16,
    S16,
    B16,
    F16,
    Bf16,
    U32,
    S32,
    B32,
    F32,
    Tf32,
    F16x2,
    Bf16x2,
    U64,
    S64,
    B64,
    F64,
    E4m3x2,  // two 8-bit floats in 16 bits
    E5m2x2,
    E4m3x4,
    E5m2x4,
    Lane,     // a warp lane, sometimes with bits above it
    Segment,  // the clamp and segment operand of shfl: bits 0 to 4 and 8 to 12
    Few,      // one of few values, so that lanes agree
    Row,      // 0 to 31
    Shift,    // mostly below 80
};

[[nodiscard]] unsigned bytes_of(Type type);

// The special values of a type; a predicate has two.
[[nodiscard]] std::span<const std::uint64_t> specials(Type type);
// Those of them that triples are made of; at most twelve.
[[nodiscard]] std::span<const std::uint64_t> core_specials(Type type);

// A number that depends on its arguments alone (splitmix64 over a mix of them).
[[nodiscard]] std::uint64_t mixed(std::uint64_t key, std::uint64_t counter);
// The key of a name: 64-bit FNV-1a.
[[nodiscard]] std::uint64_t key_of(std::string_view name);

// Random bits of this type, one way in four plain, else bent: special values, few set bits, exact
// ties, magnitudes spread evenly over their logarithm.
[[nodiscard]] std::uint64_t random_operand(Type type, std::uint64_t random);

// The lanes a form of so many operands is given: a multiple of 256.
[[nodiscard]] unsigned lanes_for(std::span<const Type> types);

// Operand `place` of lane `lane`.
[[nodiscard]] std::uint64_t operand(std::span<const Type> types, unsigned place, unsigned lane,
                                    std::uint64_t key);

}  // namespace cupel::emulator::conformance

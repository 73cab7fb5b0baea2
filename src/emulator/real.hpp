// SPDX-License-Identifier: Apache-2.0
// Arithmetic of one value as the device does it: half formats through double, canonical NaNs,
// flushing, saturation. Everything is inline, as it stands in the innermost loops.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace cupel::emulator {

// What the device returns for every invalid result of this type.
constexpr std::uint32_t kNanF32 = 0x7FFF'FFFF;
constexpr std::uint16_t kNanHalf = 0x7FFF;  // f16 and bf16

[[nodiscard]] inline float canonical(float value) {
    return value != value ? std::bit_cast<float>(kNanF32) : value;
}

// A NaN as arithmetic on doubles passes it on: its sign and payload kept.
[[nodiscard]] inline double quieted(double nan) {
    return std::bit_cast<double>(std::bit_cast<std::uint64_t>(nan) | 0x0008'0000'0000'0000U);
}
// The value, or the first of the operands that is NaN. Which of several NaNs a host returns depends
// on how its compiler orders the operands; on the device it is fixed. A NaN that arises anew is
// fff8000000000000 on both.
template <class... A>
[[nodiscard, gnu::always_inline]] inline double chosen_nan(double value, double first, A... rest) {
    if constexpr (sizeof...(A) != 0) value = chosen_nan(value, rest...);
    return first != first ? quieted(first) : value;
}

// Subnormals become zeros of the same sign.
template <bool Flush>
[[nodiscard]] inline float flushed(float value) {
    if constexpr (!Flush) return value;
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return std::bit_cast<float>((bits & 0x7F80'0000U) == 0 ? bits & 0x8000'0000U : bits);
}

// Into [0, 1]; NaN becomes +0.
template <class T>
[[nodiscard]] inline T saturated(T value) {
    return value > T{0} ? (value < T{1} ? value : T{1}) : T{0};
}

enum class Round { Nearest, Zero, Down, Up, Away };

// One of the small formats. Store: its bits. All values are exact in double.
template <int ExponentBits, int MantissaBits>
struct SmallFormat {
    static constexpr int kMantissa = MantissaBits;
    static constexpr int kBias = (1 << (ExponentBits - 1)) - 1;
    static constexpr std::uint16_t kInfinity = ((1U << ExponentBits) - 1) << MantissaBits;
    static constexpr std::uint16_t kLargest = kInfinity - 1;

    [[nodiscard]] static double to_double(std::uint16_t bits) {
        const int exponent = (bits & 0x7FFF) >> MantissaBits;
        const auto mantissa = static_cast<double>(bits & ((1U << MantissaBits) - 1));
        double value = 0;
        if (exponent == (1 << ExponentBits) - 1) {
            value = mantissa == 0 ? HUGE_VAL : std::bit_cast<double>(0x7FF8'0000'0000'0000U);
        } else if (exponent == 0) {
            value = mantissa * power(1 - kBias - MantissaBits);
        } else {
            value = (mantissa + (1U << MantissaBits)) * power(exponent - kBias - MantissaBits);
        }
        return (bits & 0x8000) != 0 ? -value : value;
    }

    [[nodiscard]] static std::uint16_t from_double(double value, Round round = Round::Nearest) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        const auto sign = static_cast<std::uint16_t>((bits >> 48) & 0x8000);
        if (value != value) return kNanHalf;
        const bool negative = sign != 0;
        const double magnitude = negative ? -value : value;
        if (magnitude == HUGE_VAL) return sign | kInfinity;
        // The unit in the last place of the result, and how many of them there are.
        int exponent = static_cast<int>((bits >> 52) & 0x7FF) - 1023;
        if (exponent < 1 - kBias) exponent = 1 - kBias;
        const double scaled = magnitude * power(MantissaBits - exponent);  // exact
        auto count = static_cast<std::uint64_t>(scaled);
        const double rest = scaled - static_cast<double>(count);
        if (rounds_up(rest, (count & 1) != 0, negative, round)) count++;
        const auto whole =
            (static_cast<std::uint64_t>(exponent - 1 + kBias) << MantissaBits) + count;
        if (exponent > kBias || whole >= kInfinity) {
            const bool stays = round == Round::Zero || (round == Round::Down && !negative) ||
                               (round == Round::Up && negative);
            return sign | (stays ? kLargest : kInfinity);
        }
        return sign | static_cast<std::uint16_t>(whole);
    }

    [[nodiscard]] static std::uint16_t flush(std::uint16_t bits) {
        return (bits & kInfinity) == 0 ? bits & 0x8000 : bits;
    }
    // Of a value that rounded to nearest gives the least normal number: is it less before the
    // device bounds its exponent, with one more bit? Half a unit of that bit below is a tie, and
    // goes up.
    [[nodiscard]] static bool is_tiny(double value) {
        return std::abs(value) < power(1 - kBias) - power(-1 - kBias - MantissaBits);
    }
    [[nodiscard]] static bool is_nan(std::uint16_t bits) { return (bits & 0x7FFF) > kInfinity; }

private:
    [[nodiscard]] static double power(int exponent) {  // within the normal range of double
        return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
    }
    [[nodiscard]] static bool rounds_up(double rest, bool odd, bool negative, Round round) {
        switch (round) {
            case Round::Nearest:
                return rest > 0.5 || (rest == 0.5 && odd);
            case Round::Away:
                return rest >= 0.5;
            case Round::Zero:
                return false;
            case Round::Down:
                return negative && rest > 0;
            case Round::Up:
                return !negative && rest > 0;
        }
        return false;
    }
};

using F16Format = SmallFormat<5, 10>;
using BF16Format = SmallFormat<8, 7>;

// a + b with the last bit set where the sum is not exact: rounded once more, to fewer bits, it
// gives what a single rounding of the exact sum would.
[[nodiscard]] inline double odd_sum(double a, double b) {
    const double sum = a + b;
    const double rest_of_a = sum - b;
    const double error = (a - rest_of_a) + (b - (sum - rest_of_a));  // exact: Knuth's two-sum
    auto bits = std::bit_cast<std::uint64_t>(sum);
    if (error != 0 && (bits & 1) == 0 && std::abs(sum) != HUGE_VAL) {
        bits += (error > 0) == (sum > 0) ? 1 : ~std::uint64_t{0};
    }
    return std::bit_cast<double>(bits);
}

}  // namespace cupel::emulator

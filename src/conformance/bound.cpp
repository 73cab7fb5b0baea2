// SPDX-License-Identifier: Apache-2.0
#include "conformance/bound.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "emulator/tensor_core.hpp"

namespace cupel::emulator::conformance {
namespace {

// Twice what was measured where silicon may err to one side and the emulator, which errs as far as
// silicon was seen to, to the other: in lg2, sin, cos and tanh.
constexpr double kTrigonometricRange = 314.2;  // 100 pi: beyond it the error has no bound
constexpr Bound kBounds[] = {
    {"ex2.approx.f16", 1, 0},
    {"ex2.approx.ftz.bf16", 1, 0},
    {"tanh.approx.f16", 1, 0},
    {"tanh.approx.bf16", 1, 0},
    {"ex2.approx", 3, 0},
    {"lg2.approx", 4, 4.4e-7},
    {"rcp.approx.ftz.f64", 9e9, 0},
    {"rsqrt.approx.ftz.f64", 9e9, 0},
    {"rsqrt.approx.f64", 2, 0},
    {"rcp.approx", 1.5, 0},
    {"rsqrt.approx", 2.1, 0},
    {"sqrt.approx", 1.5, 0},
    {"sin.approx", 4, 7.4e-5, kTrigonometricRange},
    {"cos.approx", 4, 7.4e-5, kTrigonometricRange},
    {"tanh.approx.f32", 270, 0},
    {"div.approx", 2.7, 0, 8.5e37},
    {"div.full", 2.7, 0},
};

unsigned element_bits(Type type) {
    if (type == Type::F64) return 64;
    return type == Type::F32 ? 32 : 16;
}

bool is_bf16(Type type) {
    return type == Type::Bf16 || type == Type::Bf16x2;
}

double real_of(Type type, std::uint64_t bits) {
    if (type == Type::F64) return std::bit_cast<double>(bits);
    if (type == Type::F32)
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    if (is_bf16(type))
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits << 16)));
    const Decoded d = decode(Element::F16, bits);
    if (d.kind == Decoded::Kind::NotANumber) return std::nan("");
    const double size =
        d.kind == Decoded::Kind::Infinite ? HUGE_VAL : std::ldexp(d.significand, d.exponent - 10);
    return d.negative ? -size : size;
}

double ulp_of(Type type, double value) {
    int exponent = 0;
    std::frexp(value, &exponent);
    --exponent;  // of the leading one
    if (type == Type::F64) return std::ldexp(1, std::max(exponent, -1022) - 52);
    if (type == Type::F32) return std::ldexp(1, std::max(exponent, -126) - 23);
    if (is_bf16(type)) return std::ldexp(1, std::max(exponent, -126) - 7);
    return std::ldexp(1, std::max(exponent, -14) - 10);
}

bool is_element_near(const Bound& bound, Type type, std::uint64_t got, std::uint64_t golden,
                     double last_operand) {
    if (got == golden) return true;
    const double x = real_of(type, got), y = real_of(type, golden);
    if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && std::isnan(y);
    if (bound.range > 0 && std::fabs(last_operand) > bound.range) return true;
    if (std::isinf(x) || std::isinf(y)) {
        // An overflow may come one bound early or late.
        const double finite = std::isinf(x) ? y : x;
        return x * y > 0 && std::isinf(finite + bound.ulps * ulp_of(type, finite) * 1024);
    }
    return std::fabs(x - y) <= std::max(bound.ulps * ulp_of(type, y), bound.absolute);
}

}  // namespace

const Bound* bound_of(std::string_view form_name) {
    const auto* const found = std::ranges::find_if(
        kBounds, [&](const Bound& bound) { return form_name.starts_with(bound.instruction); });
    return found == std::end(kBounds) ? nullptr : found;
}

bool is_near(const Bound& bound, Type type, std::uint64_t got, std::uint64_t golden,
             std::span<const std::uint64_t> operands) {
    const unsigned bits = element_bits(type);
    const auto part = [&](std::uint64_t word, unsigned i) {
        return bits == 64 ? word : word >> (i * bits % 64) & ((1ULL << bits) - 1);
    };
    for (unsigned i = 0; i < 8 * bytes_of(type) / bits; ++i) {
        const double last = operands.empty() ? 0 : real_of(type, part(operands.back(), i));
        if (!is_element_near(bound, type, part(got, i), part(golden, i), last)) return false;
    }
    return true;
}

}  // namespace cupel::emulator::conformance

// SPDX-License-Identifier: Apache-2.0
#include "emulator/tensor_rule.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "base/result.hpp"

namespace cupel::emulator {
namespace {

bool is_eight_bit_float(Element element) {
    return element == Element::E4m3 || element == Element::E5m2;
}

bool is_floating(const MatrixOperation& op) {
    return op.c == Accumulator::F32 || op.c == Accumulator::F16;
}

// mma.sync of 8-bit floats has no unit of its own on this machine: ptxas makes two multiplications
// of it in f16, from a sum of zero, and adds C with an ordinary addition.
bool is_made_of_halves(const MatrixOperation& op) {
    return is_floating(op) && is_eight_bit_float(op.a) && !op.warpgroup;
}

Element type_of(Accumulator accumulator) {
    return accumulator == Accumulator::F16 ? Element::F16 : Element::F32;
}

TensorCoreModel model_of(const MatrixOperation& op) {
    TensorCoreModel model{.group = op.k, .nearest = op.c == Accumulator::F16};
    // ptxas makes two m16n8k4 of a wmma in tf32, where mma.sync has its m16n8k8.
    if (op.wmma && op.a == Element::Tf32) model.group = op.k / 2;
    if (is_made_of_halves(op)) {
        model.group = op.k / 2;
    } else if (is_eight_bit_float(op.a)) {
        model.fraction_bits = 13;
        // An f16 result is rounded from the whole sum, an f32 one is cut.
        if (op.c == Accumulator::F32) model.result_bits = 13;
    }
    if (op.c == Accumulator::F16) model.result_bits = 63;
    return model;
}

std::int64_t integer_of(Element element, std::uint64_t bits) {
    if (element == Element::S8) return static_cast<std::int8_t>(bits);
    if (element == Element::S4) return static_cast<std::int64_t>(bits ^ 8) - 8;
    return static_cast<std::int64_t>(bits);
}

// The operands of one element of the result: a row of A, a column of B, an element of C.
struct Dot {
    const std::uint64_t* a;
    const std::uint64_t* b;
    std::uint64_t c;
};

std::uint64_t integer_sum(const MatrixOperation& op, const Dot& dot) {
    std::int64_t sum = static_cast<std::int32_t>(dot.c);
    for (unsigned k = 0; k < op.k; ++k) {
        const std::uint64_t x = dot.a[k], y = dot.b[k];
        if (op.a == Element::B1) {
            sum += static_cast<std::int64_t>(op.both_bits ? x & y : x ^ y);
        } else {
            sum += integer_of(op.a, x) * integer_of(op.b, y);
        }
    }
    if (op.saturates) sum = std::clamp<std::int64_t>(sum, INT32_MIN, INT32_MAX);
    return static_cast<std::uint32_t>(sum);
}

// A chain of fused multiply-adds, k rising. A NaN comes out as it went in, made quiet; one born
// here is negative, as fma.rn.f64 makes it.
std::uint64_t double_sum(const MatrixOperation& op, const Dot& dot) {
    constexpr std::uint64_t kQuiet = 0x0008000000000000, kBorn = 0xfff8000000000000;
    const auto real = [](std::uint64_t bits) { return std::bit_cast<double>(bits); };
    std::uint64_t sum = dot.c;
    for (unsigned k = 0; k < op.k; ++k) {
        const std::uint64_t operands[] = {dot.b[k], sum, dot.a[k]};
        const auto* const nan = std::ranges::find_if(
            operands, [&](std::uint64_t bits) { return std::isnan(real(bits)); });
        if (nan != std::end(operands)) {
            sum = *nan | kQuiet;
            continue;
        }
        const double next = std::fma(real(dot.a[k]), real(dot.b[k]), real(sum));
        sum = std::isnan(next) ? kBorn : std::bit_cast<std::uint64_t>(next);
    }
    return sum;
}

// An 8-bit float as the f16 that it is converted to, exactly.
Decoded widened(Element element, Decoded value) {
    value.significand <<= fraction_bits_of(Element::F16) - fraction_bits_of(element);
    while (value.significand != 0 && value.significand < 1024 && value.exponent > -14) {
        value.significand <<= 1;
        --value.exponent;
    }
    return value;
}

// Of each register's four 8-bit elements the lower two go into the first multiplication, the upper
// two into the second.
unsigned place_among_halves(unsigned k, unsigned count) {
    return (k / 2 % 2) * (count / 2) + k / 4 * 2 + k % 2;
}

std::vector<Decoded> decode_rows(const MatrixOperation& op, Element element,
                                 std::span<const std::uint64_t> bits) {
    std::vector<Decoded> values(bits.size());
    for (std::size_t i = 0; i < bits.size(); ++i) {
        const Decoded value = decode(element, bits[i]);
        const auto k = static_cast<unsigned>(i % op.k);
        if (is_made_of_halves(op)) {
            values[i - k + place_among_halves(k, op.k)] = widened(element, value);
        } else {
            values[i] = value;
        }
    }
    return values;
}

// x + y, rounded to nearest even.
std::uint32_t plain_sum(Accumulator type, std::uint32_t x, std::uint32_t y) {
    if (type == Accumulator::F32) {
        const float sum = std::bit_cast<float>(x) + std::bit_cast<float>(y);
        return std::isnan(sum) ? 0x7fffffff : std::bit_cast<std::uint32_t>(sum);
    }
    // Every sum of two f16 fits into 42 bits.
    constexpr TensorCoreModel kExact{
        .group = 1, .fraction_bits = 45, .nearest = true, .result_bits = 63};
    const Decoded one[] = {decode(Element::F16, 0x3c00)};
    const Decoded left[] = {decode(Element::F16, x)};
    return multiply_accumulate(kExact, {Element::F16, left}, {Element::F16, one}, Element::F16, y);
}

std::uint32_t float_sum(const MatrixOperation& op, std::span<const Decoded> a,
                        std::span<const Decoded> b, std::uint32_t c) {
    const TensorCoreModel model = model_of(op);
    if (!is_made_of_halves(op))
        return multiply_accumulate(model, {op.a, a}, {op.b, b}, type_of(op.c), c);
    const std::uint32_t products =
        multiply_accumulate(model, {Element::F16, a}, {Element::F16, b}, type_of(op.c), 0);
    return plain_sum(op.c, products, c);
}

bool is_modelled_float(const MatrixOperation& op) {
    const bool half = op.c == Accumulator::F16;
    const auto k_is = [&](unsigned full) { return op.k == full || op.k == full / 2; };
    if (is_eight_bit_float(op.a)) {
        if (!is_eight_bit_float(op.b) || op.wmma) return false;
        return op.k == 32 || (op.k == 16 && !half && !op.warpgroup);
    }
    if (op.a != op.b) return false;
    const unsigned full = op.a == Element::Tf32 ? 8 : 16;
    if (op.warpgroup || op.wmma ? op.k != full : !k_is(full)) return false;
    return op.a == Element::F16 || (!half && (op.a == Element::Bf16 || op.a == Element::Tf32));
}

bool is_integer(Element element) {
    return element == Element::S8 || element == Element::U8 || element == Element::S4 ||
           element == Element::U4 || element == Element::B1;
}

}  // namespace

bool is_modelled(const MatrixOperation& op) {
    if (op.k == 0 || op.k > 256) return false;
    if (op.c == Accumulator::S32)
        return is_integer(op.a) && is_integer(op.b) && bits_of(op.a) == bits_of(op.b);
    if (op.c == Accumulator::F64) {
        return op.a == Element::F64 && op.b == Element::F64 && op.k <= 16 && !op.warpgroup &&
               !op.wmma;
    }
    return is_modelled_float(op);
}

std::string rule_of(const MatrixOperation& op) {
    if (!is_modelled(op)) return "not modelled";
    if (op.c == Accumulator::S32) return "exact integers";
    if (op.c == Accumulator::F64) return "fma chain, k rising";
    const TensorCoreModel model = model_of(op);
    std::string text = "groups of " + std::to_string(model.group) + ", " +
                       std::to_string(model.fraction_bits) + " fraction bits, " +
                       (model.nearest ? "rounds to nearest" : "truncates");
    if (model.result_bits < 23)
        text += " to " + std::to_string(model.result_bits) + " fraction bits";
    if (is_made_of_halves(op)) text += "; from zero, in f16; then C is added";
    return text;
}

void multiply(const MatrixOperation& op, std::span<const std::uint64_t> a,
              std::span<const std::uint64_t> b, std::span<const std::uint64_t> c,
              std::span<std::uint64_t> d) {
    CUPEL_CHECK(is_modelled(op));
    CUPEL_CHECK(a.size() == std::size_t{op.m} * op.k && b.size() == std::size_t{op.n} * op.k);
    CUPEL_CHECK(c.size() == std::size_t{op.m} * op.n && d.size() == c.size());
    std::vector<Decoded> rows, columns;
    if (is_floating(op)) {
        rows = decode_rows(op, op.a, a);
        columns = decode_rows(op, op.b, b);
    }
    for (std::size_t i = 0; i < d.size(); ++i) {
        const std::size_t row = i / op.n * op.k, column = i % op.n * op.k;
        if (op.c == Accumulator::S32) {
            d[i] = integer_sum(op, {&a[row], &b[column], c[i]});
        } else if (op.c == Accumulator::F64) {
            d[i] = double_sum(op, {&a[row], &b[column], c[i]});
        } else {
            d[i] = float_sum(op, {&rows[row], op.k}, {&columns[column], op.k},
                             static_cast<std::uint32_t>(c[i]));
        }
    }
}

}  // namespace cupel::emulator

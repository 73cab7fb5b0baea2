// SPDX-License-Identifier: Apache-2.0
#include "emulator/tensor_core.hpp"

#include <algorithm>
#include <bit>

namespace cupel::emulator {
namespace {

struct Format {
    unsigned exponent_bits;
    int fraction_bits;
    int bias;
};

Format format(Element element) {
    switch (element) {
        case Element::F16:
            return {5, 10, 15};
        case Element::Bf16:
            return {8, 7, 127};
        case Element::Tf32:
        case Element::F32:
            return {8, 23, 127};
        case Element::E4m3:
            return {4, 3, 7};
        case Element::E5m2:
            return {5, 2, 15};
        case Element::F64:
        case Element::S8:
        case Element::U8:
        case Element::S4:
        case Element::U4:
        case Element::B1:
            break;
    }
    return {0, 0, 0};
}

// A sum: value * 2^(exponent - fraction bits), or something that no more terms can mend.
struct Sum {
    Decoded::Kind kind = Decoded::Kind::Finite;
    bool negative = false;  // of an infinity, or of a zero
    std::int64_t value = 0;
    int exponent = 0;
};

struct Term {
    std::uint64_t magnitude = 0;
    int exponent = 0;
    int fraction_bits = 0;
    bool negative = false;
};

constexpr std::size_t kMostTerms = 33;

// Magnitude at `fraction_bits` below 2^top, the rest cut off.
std::int64_t aligned(const TensorCoreModel& model, const Term& term, int top) {
    const int shift = model.fraction_bits - term.fraction_bits - (top - term.exponent);
    const std::uint64_t magnitude =
        shift >= 0 ? term.magnitude << std::min(shift, 63) : term.magnitude >> std::min(-shift, 63);
    const auto value = static_cast<std::int64_t>(magnitude);
    return term.negative ? -value : value;
}

struct Specials {
    bool nan = false;
    bool plus = false;
    bool minus = false;

    void infinite(bool negative) { (negative ? minus : plus) = true; }
};

void note_product(Specials& seen, const Decoded& a, const Decoded& b) {
    using Kind = Decoded::Kind;
    if (a.kind == Kind::Finite && b.kind == Kind::Finite) return;
    const bool zero = (a.kind == Kind::Finite && a.significand == 0) ||
                      (b.kind == Kind::Finite && b.significand == 0);
    if (a.kind == Kind::NotANumber || b.kind == Kind::NotANumber || zero) {
        seen.nan = true;
    } else {
        seen.infinite(a.negative != b.negative);
    }
}

Term product(const Decoded& a, int a_bits, const Decoded& b, int b_bits) {
    return {std::uint64_t{a.significand} * b.significand, a.exponent + b.exponent, a_bits + b_bits,
            a.negative != b.negative};
}

// The finite sum of a group's terms.
Sum add_aligned(const TensorCoreModel& model, std::span<const Term> terms) {
    Sum sum;
    bool any = false;
    bool all_negative = true;
    for (const Term& term : terms) {
        all_negative = all_negative && term.negative;
        if (term.magnitude == 0) continue;
        sum.exponent = any ? std::max(sum.exponent, term.exponent) : term.exponent;
        any = true;
    }
    if (!any) {
        sum.negative = all_negative;
        return sum;
    }
    for (const Term& term : terms)
        sum.value += aligned(model, term, sum.exponent);
    return sum;
}

// The low `count` bits cut off; to nearest even where that is asked for.
std::uint64_t shortened(std::uint64_t magnitude, int count, bool nearest) {
    if (count <= 0) return magnitude << -count;
    if (count >= 64) return 0;
    const std::uint64_t kept = magnitude >> count;
    const std::uint64_t rest = magnitude & ((1ULL << count) - 1);
    const std::uint64_t half = 1ULL << (count - 1);
    return nearest && (rest > half || (rest == half && (kept & 1) != 0)) ? kept + 1 : kept;
}

// To a float of the format; the sum's value counts in 2^(exponent - model.fraction_bits).
std::uint32_t round_to(const Format& to, const Sum& sum, const TensorCoreModel& model) {
    const unsigned width = to.exponent_bits + static_cast<unsigned>(to.fraction_bits);
    const std::uint32_t infinity = ((1U << to.exponent_bits) - 1) << to.fraction_bits;
    const bool negative = sum.value < 0 || (sum.value == 0 && sum.negative);
    const std::uint32_t sign = static_cast<std::uint32_t>(negative) << width;
    auto magnitude = static_cast<std::uint64_t>(sum.value < 0 ? -sum.value : sum.value);
    if (magnitude == 0) return sign;
    const int leading = 63 - std::countl_zero(magnitude);
    if (const int extra = leading - model.result_bits; extra > 0)
        magnitude = magnitude >> extra << extra;
    int exponent = sum.exponent + leading - model.fraction_bits;  // of the leading one
    const int least = 1 - to.bias;
    // Bits below the last that the result has room for.
    const int dropped = leading - to.fraction_bits + std::max(0, least - exponent);
    const std::uint64_t kept = shortened(magnitude, dropped, model.nearest);
    if (kept == 0) return 0;  // never a minus zero: silicon gives none for a sum that is not zero
    exponent = std::max(exponent, least);
    // A kept leading one carries into the exponent field by itself, and so does a rounding up.
    const std::int64_t encoded =
        (static_cast<std::int64_t>(exponent + to.bias - 1) << to.fraction_bits) +
        static_cast<std::int64_t>(kept);
    if (encoded >= infinity) return sign | infinity;
    return sign | static_cast<std::uint32_t>(encoded);
}

std::uint32_t special_bits(const Format& to, const Specials& seen) {
    const unsigned width = to.exponent_bits + static_cast<unsigned>(to.fraction_bits);
    if (seen.nan || (seen.plus && seen.minus)) return (1U << width) - 1;  // 0x7fffffff or 0x7fff
    const std::uint32_t infinity = ((1U << to.exponent_bits) - 1) << to.fraction_bits;
    return (static_cast<std::uint32_t>(seen.minus) << width) | infinity;
}

}  // namespace

unsigned bits_of(Element element) {
    switch (element) {
        case Element::F64:
            return 64;
        case Element::F32:
        case Element::Tf32:
            return 32;
        case Element::F16:
        case Element::Bf16:
            return 16;
        case Element::S4:
        case Element::U4:
            return 4;
        case Element::B1:
            return 1;
        case Element::E4m3:
        case Element::E5m2:
        case Element::S8:
        case Element::U8:
            return 8;
    }
    return 0;
}

int fraction_bits_of(Element element) {
    return format(element).fraction_bits;
}

Decoded decode(Element element, std::uint64_t bits) {
    const Format of = format(element);
    if (element == Element::Tf32) bits &= ~0x1fffULL;
    const auto fraction = static_cast<std::uint32_t>(bits & ((1ULL << of.fraction_bits) - 1));
    const std::uint32_t top = (1U << of.exponent_bits) - 1;
    const auto exponent = static_cast<std::uint32_t>(bits >> of.fraction_bits) & top;
    Decoded value;
    value.negative =
        (bits >> (static_cast<unsigned>(of.fraction_bits) + of.exponent_bits) & 1) != 0;
    if (element == Element::E4m3) {
        if (exponent == top && fraction == 7) value.kind = Decoded::Kind::NotANumber;
    } else if (exponent == top) {
        value.kind = fraction != 0 ? Decoded::Kind::NotANumber : Decoded::Kind::Infinite;
    }
    value.significand = exponent == 0 ? fraction : fraction | 1U << of.fraction_bits;
    value.exponent = static_cast<int>(std::max(exponent, 1U)) - of.bias;
    return value;
}

namespace {

// c and the products of one group.
std::uint32_t add_group(const TensorCoreModel& model, const Factors& a, const Factors& b,
                        Element type_c, std::uint32_t c) {
    const Format to = format(type_c);
    const Decoded addend = decode(type_c, c);
    Specials seen;
    if (addend.kind == Decoded::Kind::NotANumber) seen.nan = true;
    if (addend.kind == Decoded::Kind::Infinite) seen.infinite(addend.negative);
    const std::size_t count = a.values.size();
    const int a_bits = fraction_bits_of(a.type), b_bits = fraction_bits_of(b.type);
    Term terms[kMostTerms];
    for (std::size_t i = 0; i < count; ++i) {
        note_product(seen, a.values[i], b.values[i]);
        terms[i] = product(a.values[i], a_bits, b.values[i], b_bits);
    }
    if (seen.nan || seen.plus || seen.minus) return special_bits(to, seen);
    terms[count] = {addend.significand, addend.exponent, to.fraction_bits, addend.negative};
    return round_to(to, add_aligned(model, {terms, count + 1}), model);
}

}  // namespace

std::uint32_t multiply_accumulate(const TensorCoreModel& model, const Factors& a, const Factors& b,
                                  Element type_c, std::uint32_t c) {
    const std::size_t group = std::min<std::size_t>(model.group, kMostTerms - 1);
    for (std::size_t first = 0; first < a.values.size(); first += group) {
        const std::size_t count = std::min(group, a.values.size() - first);
        c = add_group(model, {a.type, a.values.subspan(first, count)},
                      {b.type, b.values.subspan(first, count)}, type_c, c);
    }
    return c;
}

}  // namespace cupel::emulator

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
        default:
            return {0, 0, 0};
    }
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
    std::uint64_t magnitude = term.magnitude;
    if (shift >= 0)
        magnitude <<= std::min(shift, 63);
    else
        magnitude >>= std::min(-shift, 63);
    const auto value = static_cast<std::int64_t>(magnitude);
    if (!term.negative) return value;
    const bool cut = shift < 0 && magnitude << std::min(-shift, 63) != term.magnitude;
    return -value - (model.floors && cut ? 1 : 0);
}

Term normalised(Term term) {
    if (term.magnitude == 0) return term;
    const int leading = 63 - std::countl_zero(term.magnitude);
    if (leading < term.fraction_bits) {
        term.magnitude <<= term.fraction_bits - leading;
        term.exponent -= term.fraction_bits - leading;
    }
    return term;
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
    if (a.kind == Kind::NotANumber || b.kind == Kind::NotANumber || zero)
        seen.nan = true;
    else
        seen.infinite(a.negative != b.negative);
}

Term product(const TensorCoreModel& model, const Decoded& a, int a_bits, const Decoded& b,
             int b_bits) {
    Term x{a.significand, a.exponent, a_bits, a.negative};
    Term y{b.significand, b.exponent, b_bits, b.negative};
    if (model.normalised) {
        x = normalised(x);
        y = normalised(y);
    }
    return {x.magnitude * y.magnitude, x.exponent + y.exponent, a_bits + b_bits,
            x.negative != y.negative};
}

// The finite sum of a group's terms.
Sum add_aligned(const TensorCoreModel& model, std::span<const Term> terms) {
    Sum sum;
    bool any = false;
    bool all_negative = true;
    for (const Term& term : terms) {
        all_negative = all_negative && term.negative;
        if (term.magnitude == 0 && !model.zeros_count) continue;
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

// To a float of the format, given magnitude * 2^(exponent - fraction_bits).
std::uint32_t round_to(const Format& to, const Sum& sum, int fraction_bits, bool nearest) {
    const unsigned width = to.exponent_bits + static_cast<unsigned>(to.fraction_bits);
    const std::uint32_t infinity = ((1U << to.exponent_bits) - 1) << to.fraction_bits;
    const bool negative = sum.value < 0 || (sum.value == 0 && sum.negative);
    const std::uint32_t sign = static_cast<std::uint32_t>(negative) << width;
    auto magnitude = static_cast<std::uint64_t>(sum.value < 0 ? -sum.value : sum.value);
    if (magnitude == 0) return sign;
    const int leading = 63 - std::countl_zero(magnitude);
    int exponent = sum.exponent + leading - fraction_bits;  // of the leading one
    const int least = 1 - to.bias;
    // Bits below the last that the result has room for.
    const int dropped = leading - to.fraction_bits + std::max(0, least - exponent);
    std::uint64_t kept = 0;
    if (dropped <= 0) {
        kept = magnitude << -dropped;
    } else if (dropped < 64) {
        kept = magnitude >> dropped;
        const std::uint64_t rest = magnitude & ((1ULL << dropped) - 1);
        const std::uint64_t half = 1ULL << (dropped - 1);
        if (nearest && (rest > half || (rest == half && (kept & 1) != 0))) ++kept;
    }
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
        default:
            return 8;
    }
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

std::uint32_t multiply_accumulate(const TensorCoreModel& model, Element type_a,
                                  std::span<const Decoded> a, Element type_b,
                                  std::span<const Decoded> b, Element type_c, std::uint32_t c) {
    const Format to = format(type_c);
    const Decoded addend = decode(type_c, c);
    Specials seen;
    if (addend.kind == Decoded::Kind::NotANumber) seen.nan = true;
    if (addend.kind == Decoded::Kind::Infinite) seen.infinite(addend.negative);
    for (std::size_t i = 0; i < a.size(); ++i)
        note_product(seen, a[i], b[i]);
    if (seen.nan || seen.plus || seen.minus) return special_bits(to, seen);

    Term running{addend.significand, addend.exponent, to.fraction_bits, addend.negative};
    if (model.normalised) running = normalised(running);
    Sum sum;
    const std::size_t group = std::min<std::size_t>(model.group, kMostTerms - 1);
    for (std::size_t first = 0; first < a.size(); first += group) {
        Term terms[kMostTerms];
        const std::size_t count = std::min(group, a.size() - first);
        for (std::size_t i = 0; i < count; ++i)
            terms[i] = product(model, a[first + i], fraction_bits_of(type_a), b[first + i],
                               fraction_bits_of(type_b));
        terms[count] = running;
        sum = add_aligned(model, {terms, count + 1});
        if (first + group >= a.size()) break;
        if (model.rounds_between) {
            const std::uint32_t bits = round_to(to, sum, model.fraction_bits, model.nearest);
            const Decoded between = decode(type_c, bits);
            if (between.kind != Decoded::Kind::Finite) return bits;
            running = {between.significand, between.exponent, to.fraction_bits, between.negative};
            if (model.normalised) running = normalised(running);
        } else {
            const bool negative = sum.value < 0;
            running = {static_cast<std::uint64_t>(negative ? -sum.value : sum.value), sum.exponent,
                       model.fraction_bits, negative};
        }
    }
    return round_to(to, sum, model.fraction_bits, model.nearest);
}

}  // namespace cupel::emulator

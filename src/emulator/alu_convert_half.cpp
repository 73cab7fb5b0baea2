// SPDX-License-Identifier: Apache-2.0
// cvt into f16 and bf16, and pairs of them.
#include <fmt/format.h>

#include <utility>

#include "emulator/convert.hpp"
#include "emulator/forms.hpp"
#include "emulator/integers.hpp"
#include "emulator/lanewise.hpp"

namespace cupel::emulator {
namespace {

// Exact, but for 64 bits: there the last bit that is kept says whether any below it was set, so
// that rounding it again, to the few bits of a half, gives what rounding once would.
template <class S>
double odd_double(S value) {
    if constexpr (sizeof(S) == 8) {
        const bool negative = std::cmp_less(value, 0);
        U64 size = negative ? U64{0} - static_cast<U64>(value) : static_cast<U64>(value);
        if (size >> 53 != 0) size = (size & ~U64{0xFFF}) | ((size & 0xFFF) != 0 ? 0x1000 : 0);
        const auto result = static_cast<double>(size);
        return negative ? -result : result;
    } else {
        return static_cast<double>(value);
    }
}

template <class Format, class S>
void add_integer_to_half(Forms& forms, Type d) {
    const Type s = type_for<S>();
    const auto add = [&]<Round R>(std::string_view mode) {
        constexpr auto kOne = [](Stored<S> bits) {
            return Format::from_double(odd_double(static_cast<S>(bits)), R);
        };
        forms.add(fmt::format("cvt.{}.{}.{}", mode, name_of(d), name_of(s)),
                  &run_anywhere<Lanewise<kOne, U16, Stored<S>>>, {d, s}, Work::Convert);
    };
    add.template operator()<Round::Nearest>("rn");
    add.template operator()<Round::Zero>("rz");
    add.template operator()<Round::Down>("rm");
    add.template operator()<Round::Up>("rp");
}

// A NaN of f64 keeps its sign and what fits of its payload, and becomes quiet; others become
// canonical.
template <class Format, class S, Round R, unsigned Options = kPlain>
U16 to_half(typename S::Store a) {
    // NOLINTNEXTLINE(misc-const-correctness): some instances change it
    double value = S::read(a);
    // .ftz changes nothing into f16: rounded up, a subnormal is the least one of f16.
    if constexpr ((Options & kFtz) != 0 && std::is_same_v<Format, BF16Format>)
        value = S::read(flushed<true>(a));
    if constexpr ((Options & kSat) != 0) value = saturated(value);
    if constexpr (std::is_same_v<S, F64>) {
        if (value != value) {
            const auto bits = std::bit_cast<U64>(quieted(value)) >> (52 - Format::kMantissa);
            return static_cast<U16>((bits & ((U64{1} << Format::kMantissa) - 1)) |
                                    Format::kInfinity | (std::signbit(value) ? 0x8000U : 0U));
        }
    }
    U16 bits = Format::from_double(value, R);
    if ((Options & kFinite) != 0 && (bits & 0x7FFF) == Format::kInfinity)
        bits = static_cast<U16>((bits & 0x8000) | Format::kLargest);
    return (Options & kRelu) != 0 && (bits & 0x8000) != 0 ? U16{0} : bits;
}
// d = {a: high, b: low}
template <class Format, Round R, unsigned Options>
U32 to_halves(float a, float b) {
    return (U32{to_half<Format, F32, R, Options>(a)} << 16) | to_half<Format, F32, R, Options>(b);
}

template <class Format, class S, Round R, unsigned Options>
void add_one_to_half(Forms& forms, Type d, std::string_view how) {
    forms.add(fmt::format("cvt.{}.{}.{}", how, name_of(d), name_of(S::kType)),
              &run_anywhere<Lanewise<to_half<Format, S, R, Options>, U16, typename S::Store>>,
              {d, S::kType}, Work::Convert);
}

template <class Format>
void add_to_half(Forms& forms, Type d, Type pair) {
    constexpr bool kIeee = std::is_same_v<Format, F16Format>;
    using Other = std::conditional_t<kIeee, BF16, F16>;
    const auto add = [&]<Round R>(const std::string& mode) {
        add_one_to_half<Format, F32, R, kPlain>(forms, d, mode);
        add_one_to_half<Format, F64, R, kPlain>(forms, d, mode);
        add_one_to_half<Format, Other, R, kPlain>(forms, d, mode);
        add_one_to_half<Format, F32, R, kFtz>(forms, d, mode + ".ftz");
        if constexpr (kIeee) {
            add_one_to_half<Format, F32, R, kSat>(forms, d, mode + ".sat");
            add_one_to_half<Format, F64, R, kSat>(forms, d, mode + ".sat");
        }
    };
    // What has pairs, and may be held to positive or finite values.
    const auto options = [&]<Round R, unsigned Options>(const std::string& how) {
        add_one_to_half<Format, F32, R, Options>(forms, d, how);
        forms.add(fmt::format("cvt.{}.{}.f32", how, name_of(pair)),
                  &run_anywhere<Lanewise<to_halves<Format, R, Options>, U32, float, float>>,
                  {pair, Type::F32, Type::F32}, Work::Convert);
    };
    const auto packed = [&]<Round R>(const std::string& mode) {
        options.template operator()<R, kPlain>(mode);
        options.template operator()<R, kRelu>(mode + ".relu");
        options.template operator()<R, kFinite>(mode + ".satfinite");
        options.template operator()<R, kRelu | kFinite>(mode + ".relu.satfinite");
    };
    add.template operator()<Round::Nearest>("rn");
    add.template operator()<Round::Zero>("rz");
    add.template operator()<Round::Down>("rm");
    add.template operator()<Round::Up>("rp");
    packed.template operator()<Round::Nearest>("rn");
    packed.template operator()<Round::Zero>("rz");
    for_types<U8, S8, U16, S16, U32, S32, U64, S64>([&]<class S>() {
        if constexpr (kIeee || sizeof(S) > 1) add_integer_to_half<Format, S>(forms, d);
    });
}

// Halves to whole halves of the same format.
template <class Format, Round R, bool Sat>
U16 whole_half(U16 a) {
    const double value = rounded<R>(Format::to_double(a));
    return Format::from_double(Sat ? saturated(value) : value);
}
template <class Format>
void add_whole_halves(Forms& forms, Type d) {
    const auto add = [&]<Round R>(std::string_view mode) {
        const auto name = name_of(d);
        forms.add(fmt::format("cvt.{}.{}.{}", mode, name, name),
                  &run_anywhere<Lanewise<whole_half<Format, R, false>, U16, U16>>, {d, d},
                  Work::Convert);
        if (d == Type::BF16) return;
        forms.add(fmt::format("cvt.{}.sat.{}.{}", mode, name, name),
                  &run_anywhere<Lanewise<whole_half<Format, R, true>, U16, U16>>, {d, d},
                  Work::Convert);
    };
    add.template operator()<Round::Nearest>("rni");
    add.template operator()<Round::Zero>("rzi");
    add.template operator()<Round::Down>("rmi");
    add.template operator()<Round::Up>("rpi");
}

}  // namespace

void add_convert_half_forms(Forms& forms) {
    add_to_half<F16Format>(forms, Type::F16, Type::F16x2);
    add_to_half<BF16Format>(forms, Type::BF16, Type::BF16x2);
    add_whole_halves<F16Format>(forms, Type::F16);
    add_whole_halves<BF16Format>(forms, Type::BF16);
}

}  // namespace cupel::emulator

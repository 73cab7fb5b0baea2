// SPDX-License-Identifier: Apache-2.0
// cvt: between integers of all sizes, f16, bf16, f32, f64, and into tf32. Where registers are wider
// than the type, the decoder puts a step that narrows or widens around these.
#include <fmt/format.h>

#include <limits>

#include "emulator/forms.hpp"
#include "emulator/lanewise.hpp"
#include "emulator/real.hpp"

namespace cupel::emulator {
namespace {

using U8 = std::uint8_t;
using S8 = std::int8_t;
using U16 = std::uint16_t;
using S16 = std::int16_t;
using U32 = std::uint32_t;
using S32 = std::int32_t;
using U64 = std::uint64_t;
using S64 = std::int64_t;

// 8-bit values live in 16-bit rows.
template <class T>
using Stored = std::conditional_t<sizeof(T) == 1, U16, std::make_unsigned_t<T>>;

template <class D, class S>
Stored<D> integer_to_integer(Stored<S> bits) {
    return static_cast<Stored<D>>(static_cast<D>(static_cast<S>(bits)));
}
template <class D, class S>
Stored<D> clamped_integer(Stored<S> bits) {
    const S value = static_cast<S>(bits);
    using Limits = std::numeric_limits<D>;
    if (std::cmp_less(value, Limits::min())) return static_cast<Stored<D>>(Limits::min());
    if (std::cmp_greater(value, Limits::max())) return static_cast<Stored<D>>(Limits::max());
    return static_cast<Stored<D>>(static_cast<D>(value));
}

template <class S, class D>
void add_integer_pair(Forms& forms) {
    const Type d = type_for<D>();
    const Type s = type_for<S>();
    forms.add(fmt::format("cvt.{}.{}", name_of(d), name_of(s)),
              lanewise<integer_to_integer<D, S>, Stored<D>, Stored<S>>(), {d, s}, Work::Convert);
    forms.add(fmt::format("cvt.sat.{}.{}", name_of(d), name_of(s)),
              &run_anywhere<Lanewise<clamped_integer<D, S>, Stored<D>, Stored<S>>>, {d, s},
              Work::Convert);
}

// How a real type is stored, and read as a double, in which each of its values is exact.
struct F16 {
    using Store = U16;
    static constexpr Type kType = Type::F16;
    static double read(U16 bits) { return F16Format::to_double(bits); }
};
struct BF16 {
    using Store = U16;
    static constexpr Type kType = Type::BF16;
    static double read(U16 bits) { return BF16Format::to_double(bits); }
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

// Out of range: the nearest value of the type. NaN: zero; into 64 bits and from f64 only the
// highest bit, as the device does.
template <class D, class S, Round R, bool Ftz>
Stored<D> real_to_integer(typename S::Store bits) {
    double value = S::read(bits);
    if constexpr (Ftz && std::is_same_v<S, F32>) value = S::read(flushed<true>(bits));
    if (value != value) {
        constexpr auto kTop = static_cast<D>(U64{1} << (8 * sizeof(D) - 1));
        return sizeof(D) == 8 || std::is_same_v<S, F64> ? static_cast<Stored<D>>(kTop)
                                                        : Stored<D>{0};
    }
    value = rounded<R>(value);
    using Limits = std::numeric_limits<D>;
    constexpr double kBeyond =
        std::is_signed_v<D>
            ? -static_cast<double>(std::numeric_limits<std::make_signed_t<D>>::min())
            : -2.0 * static_cast<double>(std::numeric_limits<std::make_signed_t<D>>::min());
    if (value >= kBeyond) return static_cast<Stored<D>>(Limits::max());
    if (value <= (std::is_signed_v<D> ? -kBeyond : 0.0))
        return static_cast<Stored<D>>(Limits::min());
    return static_cast<Stored<D>>(static_cast<D>(value));
}

template <class S, class D>
void add_real_to_integer(Forms& forms) {
    const Type d = type_for<D>();
    const auto add = [&]<Round R>(std::string_view mode) {
        using Plain = Lanewise<real_to_integer<D, S, R, false>, Stored<D>, typename S::Store>;
        using Flushing = Lanewise<real_to_integer<D, S, R, true>, Stored<D>, typename S::Store>;
        for (const std::string_view sat : {"", ".sat"}) {  // it always saturates
            forms.add(fmt::format("cvt.{}{}.{}.{}", mode, sat, name_of(d), name_of(S::kType)),
                      &run_anywhere<Plain>, {d, S::kType}, Work::Convert);
            if (S::kType != Type::F32) continue;
            forms.add(fmt::format("cvt.{}.ftz{}.{}.f32", mode, sat, name_of(d)),
                      &run_anywhere<Flushing>, {d, S::kType}, Work::Convert);
        }
    };
    add.template operator()<Round::Nearest>("rni");
    add.template operator()<Round::Zero>("rzi");
    add.template operator()<Round::Down>("rmi");
    add.template operator()<Round::Up>("rpi");
}

template <class D, class S>
void add_integer_to_real(Forms& forms) {
    constexpr Type kTo = type_for<D>();
    const Type s = type_for<S>();
    constexpr auto kCast = [](Stored<S> bits) { return static_cast<D>(static_cast<S>(bits)); };
    const auto add = [&](std::string_view mode, Handler run) {
        forms.add(fmt::format("cvt.{}.{}.{}", mode, name_of(kTo), name_of(s)), run, {kTo, s},
                  Work::Convert);
    };
    add("rn", lanewise<kCast, D, Stored<S>>());
    add("rz", lanewise_rounded<_MM_ROUND_TOWARD_ZERO, kCast, D, Stored<S>>());
    add("rm", lanewise_rounded<_MM_ROUND_DOWN, kCast, D, Stored<S>>());
    add("rp", lanewise_rounded<_MM_ROUND_UP, kCast, D, Stored<S>>());
}

// Into f16 and bf16: integers of up to 32 bits are exact in double; larger ones are beyond f16, and
// in bf16 the 11 bits that double drops of 64 could only matter in a tie, so those are left out.
template <class Format, class S>
void add_integer_to_half(Forms& forms, Type d) {
    const Type s = type_for<S>();
    const auto add = [&]<Round R>(std::string_view mode) {
        constexpr auto kOne = [](Stored<S> bits) {
            return Format::from_double(static_cast<double>(static_cast<S>(bits)), R);
        };
        forms.add(fmt::format("cvt.{}.{}.{}", mode, name_of(d), name_of(s)),
                  &run_anywhere<Lanewise<kOne, U16, Stored<S>>>, {d, s}, Work::Convert);
    };
    add.template operator()<Round::Nearest>("rn");
    add.template operator()<Round::Zero>("rz");
    add.template operator()<Round::Down>("rm");
    add.template operator()<Round::Up>("rp");
}

// A NaN of f64 keeps its sign and what fits of its payload, and becomes quiet; one of f32 becomes
// canonical.
template <class Format, class S, Round R>
U16 to_half(typename S::Store a) {
    const double value = S::read(a);
    if constexpr (std::is_same_v<S, F64>) {
        if (value != value) {
            const auto bits = std::bit_cast<U64>(quieted(value)) >> (52 - Format::kMantissa);
            return static_cast<U16>((bits & ((U64{1} << Format::kMantissa) - 1)) |
                                    Format::kInfinity | (std::signbit(value) ? 0x8000U : 0U));
        }
    }
    return Format::from_double(value, R);
}

template <class Format>
void add_to_half(Forms& forms, Type d, Type pair) {
    const auto add = [&]<class S, Round R>(std::string_view mode) {
        constexpr auto kOne = [](typename S::Store a) { return to_half<Format, S, R>(a); };
        constexpr auto kRelu = [](typename S::Store a) {
            const U16 bits = Format::from_double(S::read(a), R);
            return (bits & 0x8000) != 0 ? U16{0} : bits;
        };
        forms.add(fmt::format("cvt.{}.{}.{}", mode, name_of(d), name_of(S::kType)),
                  &run_anywhere<Lanewise<kOne, U16, typename S::Store>>, {d, S::kType},
                  Work::Convert);
        if (S::kType != Type::F32) return;
        forms.add(fmt::format("cvt.{}.relu.{}.f32", mode, name_of(d)),
                  &run_anywhere<Lanewise<kRelu, U16, typename S::Store>>, {d, S::kType},
                  Work::Convert);
        // d = {a: high, b: low}
        constexpr auto kPair = [](float a, float b) {
            return (U32{Format::from_double(F32::read(a), R)} << 16) |
                   Format::from_double(F32::read(b), R);
        };
        forms.add(fmt::format("cvt.{}.{}.f32", mode, name_of(pair)),
                  &run_anywhere<Lanewise<kPair, U32, float, float>>, {pair, Type::F32, Type::F32},
                  Work::Convert);
    };
    add.template operator()<F32, Round::Nearest>("rn");
    add.template operator()<F32, Round::Zero>("rz");
    if (d == Type::BF16) return;
    add.template operator()<F32, Round::Down>("rm");
    add.template operator()<F32, Round::Up>("rp");
    add.template operator()<F64, Round::Nearest>("rn");
    add.template operator()<F64, Round::Zero>("rz");
    for_types<U8, S8, U16, S16, U32, S32, U64, S64>(
        [&]<class S>() { add_integer_to_half<Format, S>(forms, d); });
}

float single_of(double value) {
    return canonical(static_cast<float>(value));
}
double double_of_f16(U16 bits) {
    if (!F16Format::is_nan(bits)) return F16::read(bits);
    const U64 sign = U64{bits & 0x8000U} << 48;
    return std::bit_cast<double>(sign | 0x7FF8'0000'0000'0000U | U64{bits & 0x3FFU} << 42);
}

void add_widening(Forms& forms) {
    const auto add = [&](const char* name, Handler run, Type d, Type s) {
        forms.add(name, run, {d, s}, Work::Convert);
    };
    add("cvt.f32.f16",
        &run_anywhere<Lanewise<[](U16 a) { return single_of(F16::read(a)); }, float, U16>>,
        Type::F32, Type::F16);
    add("cvt.ftz.f32.f16",
        &run_anywhere<Lanewise<[](U16 a) { return single_of(F16::read(a)); }, float, U16>>,
        Type::F32, Type::F16);
    add("cvt.f64.f16", &run_anywhere<Lanewise<double_of_f16, double, U16>>, Type::F64, Type::F16);
    add("cvt.f32.bf16", lanewise<[](U16 a) { return U32{a} << 16; }, U32, U16>(), Type::F32,
        Type::BF16);
    add("cvt.f64.f32", lanewise<[](float a) { return static_cast<double>(a); }, double, float>(),
        Type::F64, Type::F32);
    add("cvt.ftz.f64.f32",
        lanewise<[](float a) { return static_cast<double>(canonical(flushed<true>(a))); }, double,
                 float>(),
        Type::F64, Type::F32);
}

void add_narrowing(Forms& forms) {
    // The host's conversion treats NaN as the device's does: quiet, its sign and payload kept.
    constexpr auto kCast = [](double a) { return static_cast<float>(a); };
    constexpr auto kFlush = [](double a) { return flushed<true>(static_cast<float>(a)); };
    const auto add = [&](std::string_view mode, Handler plain, Handler ftz) {
        forms.add(fmt::format("cvt.{}.f32.f64", mode), plain, {Type::F32, Type::F64},
                  Work::Convert);
        forms.add(fmt::format("cvt.{}.ftz.f32.f64", mode), ftz, {Type::F32, Type::F64},
                  Work::Convert);
    };
    add("rn", lanewise<kCast, float, double>(), lanewise<kFlush, float, double>());
    add("rz", lanewise_rounded<_MM_ROUND_TOWARD_ZERO, kCast, float, double>(),
        lanewise_rounded<_MM_ROUND_TOWARD_ZERO, kFlush, float, double>());
    add("rm", lanewise_rounded<_MM_ROUND_DOWN, kCast, float, double>(),
        lanewise_rounded<_MM_ROUND_DOWN, kFlush, float, double>());
    add("rp", lanewise_rounded<_MM_ROUND_UP, kCast, float, double>(),
        lanewise_rounded<_MM_ROUND_UP, kFlush, float, double>());
}

// To a whole number: a NaN of f32 becomes canonical, one of f64 quiet.
template <class T, Round R, bool Ftz>
T whole_of(T a) {
    if constexpr (std::is_same_v<T, float>) {
        return canonical(static_cast<float>(rounded<R>(static_cast<double>(flushed<Ftz>(a)))));
    } else {
        return rounded<R>(a);
    }
}

// f32 to f32 and f64 to f64: to a whole number, clamped to [0, 1], or the same.
template <class T>
void add_same(Forms& forms) {
    constexpr Type kType = type_for<T>();
    const auto add = [&](std::string_view name, Handler run) {
        forms.add(fmt::format("cvt{}.{}.{}", name, name_of(kType), name_of(kType)), run,
                  {kType, kType}, Work::Convert);
    };
    const auto whole = [&]<Round R>(std::string_view mode) {
        add(mode, lanewise<whole_of<T, R, false>, T, T>());
        if constexpr (kType == Type::F32)
            add(fmt::format("{}.ftz", mode), lanewise<whole_of<T, R, true>, T, T>());
    };
    whole.template operator()<Round::Nearest>(".rni");
    whole.template operator()<Round::Zero>(".rzi");
    whole.template operator()<Round::Down>(".rmi");
    whole.template operator()<Round::Up>(".rpi");
    add("", lanewise<[](T a) { return a; }, T, T>());
    add(".sat", lanewise<[](T a) { return saturated(a); }, T, T>());
    if constexpr (kType == Type::F32) {
        add(".ftz", lanewise<[](T a) { return canonical(flushed<true>(a)); }, T, T>());
        add(".ftz.sat", lanewise<[](T a) { return saturated(flushed<true>(a)); }, T, T>());
    }
}

// tf32: a float whose last 13 bits are zero; .rna rounds ties away from zero, and alone keeps what
// it can of a NaN.
template <Round R>
U32 to_tf32(U32 bits) {
    if ((bits & 0x7FFF'FFFFU) > 0x7F80'0000U)
        return (R == Round::Away ? bits : kNanF32) & ~U32{0x1FFF};
    const U32 rest = bits & 0x1FFF;
    U32 kept = bits & ~U32{0x1FFF};
    const bool up = R == Round::Away ? rest >= 0x1000
                    : R == Round::Nearest
                        ? rest > 0x1000 || (rest == 0x1000 && (kept & 0x2000) != 0)
                        : false;
    if (up) kept += 0x2000;
    return kept;
}

}  // namespace

void add_convert_forms(Forms& forms) {
    for_types<U8, S8, U16, S16, U32, S32, U64, S64>([&]<class S>() {
        for_types<U8, S8, U16, S16, U32, S32, U64, S64>(
            [&]<class D>() { add_integer_pair<S, D>(forms); });
        for_types<F16, BF16, F32, F64>([&]<class R>() { add_real_to_integer<R, S>(forms); });
        add_integer_to_real<float, S>(forms);
        add_integer_to_real<double, S>(forms);
    });
    add_to_half<F16Format>(forms, Type::F16, Type::F16x2);
    add_to_half<BF16Format>(forms, Type::BF16, Type::BF16x2);
    add_widening(forms);
    add_narrowing(forms);
    add_same<float>(forms);
    add_same<double>(forms);
    const auto tf32 = [&](const char* name, Handler run) {
        forms.add(name, run, {Type::B32, Type::F32}, Work::Convert);
    };
    tf32("cvt.rna.tf32.f32", lanewise<to_tf32<Round::Away>, U32, U32>());
    tf32("cvt.rn.tf32.f32", lanewise<to_tf32<Round::Nearest>, U32, U32>());
    tf32("cvt.rz.tf32.f32", lanewise<to_tf32<Round::Zero>, U32, U32>());
}

}  // namespace cupel::emulator

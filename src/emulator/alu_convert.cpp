// SPDX-License-Identifier: Apache-2.0
// cvt: between integers of all sizes, f32, f64, from f16 and bf16, and into tf32; into f16 and
// bf16: alu_convert_half.cpp. Where registers are wider than the type, the decoder puts a step that
// narrows or widens around these.
#include <fmt/format.h>

#include <limits>

#include "emulator/convert.hpp"
#include "emulator/forms.hpp"
#include "emulator/integers.hpp"
#include "emulator/lanewise.hpp"

namespace cupel::emulator {
namespace {

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
    // Clamped, an integer is zero or one, however it is rounded.
    constexpr auto kClamp = [](Stored<S> bits) { return static_cast<S>(bits) > 0 ? D{1} : D{0}; };
    for (const std::string_view mode : {"rn.sat", "rz.sat", "rm.sat", "rp.sat"})
        add(mode, &run_anywhere<Lanewise<kClamp, D, Stored<S>>>);
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
    add("cvt.ftz.f32.bf16",
        &run_anywhere<Lanewise<[](U16 a) {
            return canonical(flushed<true>(std::bit_cast<float>(U32{a} << 16)));
        },
                               float, U16>>,
        Type::F32, Type::BF16);
    add("cvt.f64.bf16",
        &run_anywhere<
            Lanewise<[](U16 a) { return static_cast<double>(std::bit_cast<float>(U32{a} << 16)); },
                     double, U16>>,
        Type::F64, Type::BF16);
    constexpr auto kClamped = [](U16 a) { return static_cast<float>(saturated(F16::read(a))); };
    add("cvt.sat.f32.f16", &run_anywhere<Lanewise<kClamped, float, U16>>, Type::F32, Type::F16);
    add("cvt.ftz.sat.f32.f16", &run_anywhere<Lanewise<kClamped, float, U16>>, Type::F32, Type::F16);
    add("cvt.sat.f64.f16",
        &run_anywhere<Lanewise<[](U16 a) { return saturated(F16::read(a)); }, double, U16>>,
        Type::F64, Type::F16);
    add("cvt.f16.f16",
        &run_anywhere<
            Lanewise<[](U16 a) { return F16Format::is_nan(a) ? kNanHalf : a; }, U16, U16>>,
        Type::F16, Type::F16);
    add("cvt.sat.f16.f16",
        &run_anywhere<Lanewise<
            [](U16 a) { return F16Format::from_double(saturated(F16::read(a))); }, U16, U16>>,
        Type::F16, Type::F16);
    add("cvt.sat.f64.f32",
        &run_anywhere<
            Lanewise<[](float a) { return saturated(static_cast<double>(a)); }, double, float>>,
        Type::F64, Type::F32);
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
        if (ftz == nullptr) return;
        forms.add(fmt::format("cvt.{}.ftz.f32.f64", mode), ftz, {Type::F32, Type::F64},
                  Work::Convert);
    };
    constexpr auto kClamp = [](double a) { return saturated(static_cast<float>(a)); };
    constexpr auto kFlushClamp = [](double a) {
        return saturated(flushed<true>(static_cast<float>(a)));
    };
    const auto clamped = [&]<unsigned Mode>(std::string_view mode) {
        add(fmt::format("{}.sat", mode), lanewise_rounded<Mode, kClamp, float, double>(), nullptr);
        forms.add(fmt::format("cvt.{}.ftz.sat.f32.f64", mode),
                  lanewise_rounded<Mode, kFlushClamp, float, double>(), {Type::F32, Type::F64},
                  Work::Convert);
    };
    clamped.template operator()<_MM_ROUND_NEAREST>("rn");
    clamped.template operator()<_MM_ROUND_TOWARD_ZERO>("rz");
    clamped.template operator()<_MM_ROUND_DOWN>("rm");
    clamped.template operator()<_MM_ROUND_UP>("rp");
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

// A function of its own: clang 19 crashes over lambdas in a template's template.
template <class T, Round R, bool Ftz>
T clamped_whole_of(T a) {
    return saturated(whole_of<T, R, Ftz>(a));
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
        add(fmt::format("{}.sat", mode),
            &run_anywhere<Lanewise<clamped_whole_of<T, R, false>, T, T>>);
        if constexpr (kType == Type::F32) {
            add(fmt::format("{}.ftz.sat", mode),
                &run_anywhere<Lanewise<clamped_whole_of<T, R, true>, T, T>>);
        }
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
// it can of a NaN. Made finite, it takes a step off a NaN as off an infinity.
template <Round R, unsigned Options = kPlain>
U32 to_tf32(U32 bits) {
    if ((bits & 0x7FFF'FFFFU) > 0x7F80'0000U) {
        return ((R == Round::Away ? bits : kNanF32) & ~U32{0x1FFF}) -
               ((Options & kFinite) != 0 ? 0x2000 : 0);
    }
    if ((Options & kRelu) != 0 && (bits >> 31) != 0) return 0;
    const U32 rest = bits & 0x1FFF;
    U32 kept = bits & ~U32{0x1FFF};
    const bool up = R == Round::Away ? rest >= 0x1000
                    : R == Round::Nearest
                        ? rest > 0x1000 || (rest == 0x1000 && (kept & 0x2000) != 0)
                        : false;
    if (up) kept += 0x2000;
    if ((Options & kFinite) != 0 && (kept & 0x7FFF'FFFFU) == 0x7F80'0000U) kept -= 0x2000;
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
    tf32("cvt.rn.relu.tf32.f32", lanewise<to_tf32<Round::Nearest, kRelu>, U32, U32>());
    tf32("cvt.rz.relu.tf32.f32", lanewise<to_tf32<Round::Zero, kRelu>, U32, U32>());
    tf32("cvt.rna.satfinite.tf32.f32", lanewise<to_tf32<Round::Away, kFinite>, U32, U32>());
}

}  // namespace cupel::emulator

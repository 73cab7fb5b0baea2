// SPDX-License-Identifier: Apache-2.0
// f32 and f64. Approximations (ex2.approx and its kin) are computed in double and rounded, so they
// are the correctly rounded values; the device's differ from those by a few units in the last
// place.
#include <fmt/format.h>

#include "emulator/forms.hpp"
#include "emulator/lanewise.hpp"
#include "emulator/real.hpp"

namespace cupel::emulator {
namespace {

using U32 = std::uint32_t;
using U64 = std::uint64_t;

struct Add {
    template <class T>
    static T of(T a, T b) {
        return a + b;
    }
};
struct Sub {
    template <class T>
    static T of(T a, T b) {
        return a - b;
    }
};
struct Mul {
    template <class T>
    static T of(T a, T b) {
        return a * b;
    }
};
struct Div {
    template <class T>
    static T of(T a, T b) {
        return a / b;
    }
};
struct Rcp {
    template <class T>
    static T of(T a) {
        return T{1} / a;
    }
};
struct Sqrt {
    static float of(float a) { return __builtin_sqrtf(a); }
    static double of(double a) { return __builtin_sqrt(a); }
};
struct Fma {
    static float of(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
    static double of(double a, double b, double c) { return __builtin_fma(a, b, c); }
};

// One lane in f32: operands flushed, the result canonical, flushed and clamped.
template <class F, bool Ftz, bool Sat, class... A>
[[gnu::always_inline]] inline float single(A... a) {
    const float value = flushed<Ftz>(canonical(F::of(flushed<Ftz>(a)...)));
    return Sat ? saturated(value) : value;
}

struct Spelling {
    std::string_view text;
    unsigned mode;
};
template <unsigned Mode, class F, bool Ftz, bool Sat, class... A>
Handler single_handler() {
    return lanewise_rounded<Mode, [](A... a) { return single<F, Ftz, Sat>(a...); }, float, A...>();
}

template <class... A>
Form form_of(Handler run, Type type, std::uint8_t flops, Work work) {
    Form form{.run = run, .sources = sizeof...(A), .work = work, .flops = flops};
    for (std::size_t i = 0; i <= sizeof...(A); i++)
        form.types[i] = type;
    return form;
}

template <unsigned Mode, class F, class... A>
void add_single_mode(Forms& forms, std::string_view name, std::string_view mode, bool sat,
                     std::uint8_t flops) {
    const auto add = [&](std::string_view tail, Handler run) {
        forms.add(fmt::format("{}{}{}.f32", name, mode, tail),
                  form_of<A...>(run, Type::F32, flops, Work::Single));
    };
    add("", single_handler<Mode, F, false, false, A...>());
    add(".ftz", single_handler<Mode, F, true, false, A...>());
    if (!sat) return;
    add(".sat", single_handler<Mode, F, false, true, A...>());
    add(".ftz.sat", single_handler<Mode, F, true, true, A...>());
}

template <class F, class... A>
void add_single(Forms& forms, std::string_view name, bool bare, bool sat, std::uint8_t flops) {
    if (bare) add_single_mode<_MM_ROUND_NEAREST, F, A...>(forms, name, "", sat, flops);
    add_single_mode<_MM_ROUND_NEAREST, F, A...>(forms, name, ".rn", sat, flops);
    add_single_mode<_MM_ROUND_TOWARD_ZERO, F, A...>(forms, name, ".rz", sat, flops);
    add_single_mode<_MM_ROUND_DOWN, F, A...>(forms, name, ".rm", sat, flops);
    add_single_mode<_MM_ROUND_UP, F, A...>(forms, name, ".rp", sat, flops);
}

template <class F, class... A>
void add_double(Forms& forms, std::string_view name, bool bare, std::uint8_t flops) {
    const auto add = [&](std::string_view mode, Handler run) {
        forms.add(fmt::format("{}{}.f64", name, mode),
                  form_of<A...>(run, Type::F64, flops, Work::Double));
    };
    constexpr auto kOne = [](A... a) { return F::of(a...); };
    if (bare) add("", lanewise<kOne, double, A...>());
    add(".rn", lanewise<kOne, double, A...>());
    add(".rz", lanewise_rounded<_MM_ROUND_TOWARD_ZERO, kOne, double, A...>());
    add(".rm", lanewise_rounded<_MM_ROUND_DOWN, kOne, double, A...>());
    add(".rp", lanewise_rounded<_MM_ROUND_UP, kOne, double, A...>());
}

// The function of a double, rounded to float.
template <class F>
void add_approximation(Forms& forms, std::string_view name, bool both) {
    struct Rounded {
        static float of(float a) { return static_cast<float>(F::of(static_cast<double>(a))); }
    };
    const auto add = [&](std::string_view ftz, Handler run) {
        forms.add(fmt::format("{}.approx{}.f32", name, ftz),
                  form_of<float>(run, Type::F32, 1, Work::Special));
    };
    if (both)
        add("", lanewise<[](float a) { return single<Rounded, false, false>(a); }, float, float>());
    add(".ftz", lanewise<[](float a) { return single<Rounded, true, false>(a); }, float, float>());
}
struct Exp2 {
    static double of(double a) { return std::exp2(a); }
};
struct Log2 {
    static double of(double a) { return std::log2(a); }
};
struct Sine {
    static double of(double a) { return std::sin(a); }
};
struct Cosine {
    static double of(double a) { return std::cos(a); }
};
struct Tanh {
    static double of(double a) { return std::tanh(a); }
};
struct Rsqrt {
    static double of(double a) { return 1 / std::sqrt(a); }
};

// The lesser, or the greater; -0 is less than +0; NaN only where both are, or where `Propagate`.
template <bool Greater, bool Propagate, class T, class Bits>
[[gnu::always_inline]] inline T extreme(T a, T b) {
    const Bits x = std::bit_cast<Bits>(a);
    const Bits y = std::bit_cast<Bits>(b);
    const T equal = std::bit_cast<T>(static_cast<Bits>(Greater ? x & y : x | y));
    const bool first = Greater ? a > b : a < b;
    const bool other = Greater ? a < b : a > b;
    T result = first ? a : other ? b : equal;
    if (a != a || b != b) {
        constexpr Bits kNan =
            sizeof(T) == 4 ? Bits{kNanF32} : static_cast<Bits>(0x7FF8'0000'0000'0000);
        const T nan = std::bit_cast<T>(kNan);
        result = Propagate || (a != a && b != b) ? nan : a != a ? b : a;
    }
    return result;
}

template <bool Greater>
void add_extremes(Forms& forms, std::string_view name) {
    const auto add = [&](std::string_view tail, Handler run) {
        forms.add(fmt::format("{}{}.f32", name, tail),
                  form_of<float, float>(run, Type::F32, 0, Work::Single));
    };
    add("", lanewise<extreme<Greater, false, float, U32>, float, float, float>());
    add(".NaN", lanewise<extreme<Greater, true, float, U32>, float, float, float>());
    add(".ftz", lanewise<[](float a, float b) {
            return extreme<Greater, false, float, U32>(flushed<true>(a), flushed<true>(b));
        },
                         float, float, float>());
    add(".ftz.NaN", lanewise<[](float a, float b) {
            return extreme<Greater, true, float, U32>(flushed<true>(a), flushed<true>(b));
        },
                             float, float, float>());
    forms.add(fmt::format("{}.f64", name),
              form_of<double, double>(
                  lanewise<extreme<Greater, false, double, U64>, double, double, double>(),
                  Type::F64, 0, Work::Double));
}

// Signs are bits: neg and abs of a NaN change nothing but its sign.
template <bool Ftz>
float negated(U32 a) {
    return flushed<Ftz>(std::bit_cast<float>(a ^ 0x8000'0000U));
}
template <bool Ftz>
float magnitude(U32 a) {
    return flushed<Ftz>(std::bit_cast<float>(a & 0x7FFF'FFFFU));
}

void add_signs(Forms& forms) {
    constexpr U64 kTop = U64{1} << 63;
    const auto single_form = [&](const char* name, Handler run) {
        forms.add(name, run, {Type::F32, Type::F32}, Work::Single);
    };
    single_form("neg.f32", lanewise<negated<false>, float, U32>());
    single_form("neg.ftz.f32", lanewise<negated<true>, float, U32>());
    single_form("abs.f32", lanewise<magnitude<false>, float, U32>());
    single_form("abs.ftz.f32", lanewise<magnitude<true>, float, U32>());
    forms.add("neg.f64", lanewise<[](U64 a) { return a ^ kTop; }, U64, U64>(),
              {Type::F64, Type::F64}, Work::Double);
    forms.add("abs.f64", lanewise<[](U64 a) { return a & ~kTop; }, U64, U64>(),
              {Type::F64, Type::F64}, Work::Double);
    forms.add("copysign.f32",
              lanewise<[](U32 a, U32 b) { return (a & 0x8000'0000U) | (b & 0x7FFF'FFFFU); }, U32,
                       U32, U32>(),
              {Type::F32, Type::F32, Type::F32}, Work::Single);
    forms.add("copysign.f64",
              lanewise<[](U64 a, U64 b) { return (a & kTop) | (b & ~kTop); }, U64, U64, U64>(),
              {Type::F64, Type::F64, Type::F64}, Work::Double);
}

void add_divisions(Forms& forms) {
    for (const std::string_view name : {"div.full", "div.approx"}) {
        forms.add(fmt::format("{}.f32", name),
                  form_of<float, float>(
                      single_handler<_MM_ROUND_NEAREST, Div, false, false, float, float>(),
                      Type::F32, 1, Work::Special));
        forms.add(fmt::format("{}.ftz.f32", name),
                  form_of<float, float>(
                      single_handler<_MM_ROUND_NEAREST, Div, true, false, float, float>(),
                      Type::F32, 1, Work::Special));
    }
    forms.add("rcp.approx.ftz.f64", lanewise<[](double a) { return 1 / a; }, double, double>(),
              {Type::F64, Type::F64}, Work::Special, 1);
    forms.add("rsqrt.approx.f64",
              lanewise<[](double a) { return 1 / __builtin_sqrt(a); }, double, double>(),
              {Type::F64, Type::F64}, Work::Special, 1);
}

}  // namespace

void add_real_forms(Forms& forms) {
    add_single<Add, float, float>(forms, "add", true, true, 1);
    add_single<Sub, float, float>(forms, "sub", true, true, 1);
    add_single<Mul, float, float>(forms, "mul", true, true, 1);
    add_single<Fma, float, float, float>(forms, "fma", false, true, 2);
    add_single<Fma, float, float, float>(forms, "mad", false, true, 2);
    add_single<Div, float, float>(forms, "div", false, false, 1);
    add_single<Rcp, float>(forms, "rcp", false, false, 1);
    add_single<Sqrt, float>(forms, "sqrt", false, false, 1);
    add_double<Add, double, double>(forms, "add", true, 1);
    add_double<Sub, double, double>(forms, "sub", true, 1);
    add_double<Mul, double, double>(forms, "mul", true, 1);
    add_double<Fma, double, double, double>(forms, "fma", false, 2);
    add_double<Fma, double, double, double>(forms, "mad", false, 2);
    add_double<Div, double, double>(forms, "div", false, 1);
    add_double<Rcp, double>(forms, "rcp", false, 1);
    add_double<Sqrt, double>(forms, "sqrt", false, 1);
    add_approximation<Exp2>(forms, "ex2", true);
    add_approximation<Log2>(forms, "lg2", true);
    add_approximation<Sine>(forms, "sin", true);
    add_approximation<Cosine>(forms, "cos", true);
    add_approximation<Rsqrt>(forms, "rsqrt", true);
    add_approximation<Rcp>(forms, "rcp", true);
    add_approximation<Sqrt>(forms, "sqrt", true);
    forms.add("tanh.approx.f32",
              lanewise<[](float a) {
                  return canonical(static_cast<float>(Tanh::of(static_cast<double>(a))));
              },
                       float, float>(),
              {Type::F32, Type::F32}, Work::Special, 1);
    add_extremes<false>(forms, "min");
    add_extremes<true>(forms, "max");
    add_signs(forms);
    add_divisions(forms);
}

}  // namespace cupel::emulator

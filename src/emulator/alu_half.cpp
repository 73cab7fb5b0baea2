// SPDX-License-Identifier: Apache-2.0
// f16, bf16 and pairs of them. A lane's values go through double, where sums are made odd (see
// real.hpp), so that every operation is rounded once.
#include <fmt/format.h>

#include "emulator/convert.hpp"
#include "emulator/forms.hpp"
#include "emulator/integers.hpp"
#include "emulator/lanewise.hpp"
#include "emulator/real.hpp"

namespace cupel::emulator {
namespace {

struct Add {
    static double of(double a, double b) { return odd_sum(a, b); }
};
struct Sub {
    static double of(double a, double b) { return odd_sum(a, -b); }
};
struct Mul {
    static double of(double a, double b) { return a * b; }
};  // exact
struct Fma {
    static double of(double a, double b, double c) { return odd_sum(a * b, c); }
};
struct Exp2 {
    static double of(double a) { return std::exp2(a); }
};
struct Tanh {
    static double of(double a) { return std::tanh(a); }
};

template <class Format, class F, unsigned Options, class... A>
U16 half(A... a) {
    const auto read = [](U16 bits) {
        return Format::to_double((Options & kFtz) != 0 ? Format::flush(bits) : bits);
    };
    const double exact = F::of(read(a)...);
    U16 bits = Format::from_double(exact);
    if ((Options & kFtz) != 0) {
        if (Format::is_tiny(exact)) bits &= 0x8000;
        bits = Format::flush(bits);
    }
    if ((Options & kSat) != 0) bits = Format::from_double(saturated(Format::to_double(bits)));
    if ((Options & kRelu) != 0 && (bits & 0x8000) != 0) bits = 0;
    return bits;
}

template <bool Greater, bool Propagate, class Format>
U16 extreme(U16 a, U16 b) {
    const bool nan_a = Format::is_nan(a);
    const bool nan_b = Format::is_nan(b);
    if (nan_a || nan_b) return Propagate || (nan_a && nan_b) ? kNanHalf : nan_a ? b : a;
    // As integers with the sign folded in, -0 is below +0.
    const auto order = [](U16 bits) { return (bits & 0x8000) != 0 ? 0x7FFF - bits : int{bits}; };
    const bool first = Greater ? order(a) >= order(b) : order(a) <= order(b);
    return first ? a : b;
}

// .xorsign.abs: of the magnitudes, with the sign of the product.
template <class Format, bool Greater, bool Propagate, bool Ftz, bool Xorsign>
U16 extreme_of(U16 a, U16 b) {
    if constexpr (Ftz) {
        a = Format::flush(a);
        b = Format::flush(b);
    }
    if constexpr (!Xorsign) return extreme<Greater, Propagate, Format>(a, b);
    const U16 result = extreme<Greater, Propagate, Format>(a & 0x7FFF, b & 0x7FFF);
    return Format::is_nan(result) ? result : static_cast<U16>(result | ((a ^ b) & 0x8000));
}

template <class Format, bool Ftz>
U16 flip_sign(U16 a) {
    if (Format::is_nan(a)) return kNanHalf;
    return static_cast<U16>((Ftz ? Format::flush(a) : a) ^ 0x8000);
}
template <class Format, bool Ftz>
U16 drop_sign(U16 a) {
    if (Format::is_nan(a)) return kNanHalf;
    return (Ftz ? Format::flush(a) : a) & 0x7FFF;
}

// The function of one half, applied to one lane of halves or of pairs.
template <auto F, class... A>
struct Pairwise {
    static U32 of(std::conditional_t<true, U32, A>... a) {
        const U16 low = F(static_cast<U16>(a)...);
        const U16 high = F(static_cast<U16>(a >> 16)...);
        return (U32{high} << 16) | low;
    }
};

struct Names {
    std::string_view name;  // with modifiers
    std::string_view type;
    Type one;
    Type two;
    std::uint8_t flops;
    Work work = Work::Half;
};

template <auto F, class... A>
void add_both(Forms& forms, const Names& names) {
    const auto add = [&](std::string_view pair, Handler run, Type type, std::uint8_t flops) {
        Form form{.run = run, .sources = sizeof...(A), .work = names.work, .flops = flops};
        for (std::size_t i = 0; i <= sizeof...(A); i++)
            form.types[i] = type;
        forms.add(fmt::format("{}.{}{}", names.name, names.type, pair), form);
    };
    add("", &run_anywhere<Lanewise<F, U16, A...>>, names.one, names.flops);
    add("x2",
        &run_anywhere<Lanewise<Pairwise<F, A...>::of, U32, std::conditional_t<true, U32, A>...>>,
        names.two, static_cast<std::uint8_t>(names.flops * 2));
}

template <class Format, bool Greater>
void add_extremes(Forms& forms, Names names) {
    const std::string op(names.name);
    const auto add = [&]<bool Propagate, bool Ftz>(std::string_view modifiers) {
        const std::string plain = fmt::format("{}{}", op, modifiers);
        names.name = plain;
        add_both<extreme_of<Format, Greater, Propagate, Ftz, false>, U16, U16>(forms, names);
        const std::string signs = plain + ".xorsign.abs";
        names.name = signs;
        add_both<extreme_of<Format, Greater, Propagate, Ftz, true>, U16, U16>(forms, names);
    };
    add.template operator()<false, false>("");
    add.template operator()<true, false>(".NaN");
    if (names.one == Type::BF16) return;
    add.template operator()<false, true>(".ftz");
    add.template operator()<true, true>(".ftz.NaN");
}

template <class Format>
void add_format(Forms& forms, std::string_view type, Type one, Type two) {
    const bool ieee = one == Type::F16;  // bf16 has neither .ftz nor .sat
    const auto named = [&](std::string_view name, std::uint8_t flops) {
        return Names{.name = name, .type = type, .one = one, .two = two, .flops = flops};
    };
    const auto arithmetic = [&]<class F>(std::string_view op) {
        for (const std::string_view rn : {"", ".rn"}) {
            const std::string name = fmt::format("{}{}", op, rn);
            add_both<half<Format, F, kPlain, U16, U16>, U16, U16>(forms, named(name, 1));
            if (!ieee) continue;
            add_both<half<Format, F, kFtz, U16, U16>, U16, U16>(forms, named(name + ".ftz", 1));
            add_both<half<Format, F, kSat, U16, U16>, U16, U16>(forms, named(name + ".sat", 1));
            add_both<half<Format, F, kFtz | kSat, U16, U16>, U16, U16>(forms,
                                                                       named(name + ".ftz.sat", 1));
        }
    };
    arithmetic.template operator()<Add>("add");
    arithmetic.template operator()<Sub>("sub");
    arithmetic.template operator()<Mul>("mul");
    add_both<half<Format, Fma, kPlain, U16, U16, U16>, U16, U16, U16>(forms, named("fma.rn", 2));
    add_both<half<Format, Fma, kRelu, U16, U16, U16>, U16, U16, U16>(forms,
                                                                     named("fma.rn.relu", 2));
    if (ieee) {
        add_both<half<Format, Fma, kFtz, U16, U16, U16>, U16, U16, U16>(forms,
                                                                        named("fma.rn.ftz", 2));
        add_both<half<Format, Fma, kSat, U16, U16, U16>, U16, U16, U16>(forms,
                                                                        named("fma.rn.sat", 2));
        add_both<half<Format, Fma, kFtz | kSat, U16, U16, U16>, U16, U16, U16>(
            forms, named("fma.rn.ftz.sat", 2));
        add_both<half<Format, Fma, kFtz | kRelu, U16, U16, U16>, U16, U16, U16>(
            forms, named("fma.rn.ftz.relu", 2));
    }
    add_extremes<Format, false>(forms, named("min", 0));
    add_extremes<Format, true>(forms, named("max", 0));
    add_both<flip_sign<Format, false>, U16>(forms, named("neg", 0));
    add_both<drop_sign<Format, false>, U16>(forms, named("abs", 0));
    if (ieee) {
        add_both<flip_sign<Format, true>, U16>(forms, named("neg.ftz", 0));
        add_both<drop_sign<Format, true>, U16>(forms, named("abs.ftz", 0));
    }
    const std::string_view ex2 = ieee ? "ex2.approx" : "ex2.approx.ftz";
    add_both<half<Format, Exp2, kPlain, U16>, U16>(forms, named(ex2, 1));
    add_both<half<Format, Tanh, kPlain, U16>, U16>(forms, named("tanh.approx", 1));
}

}  // namespace

void add_half_forms(Forms& forms) {
    add_format<F16Format>(forms, "f16", Type::F16, Type::F16x2);
    add_format<BF16Format>(forms, "bf16", Type::BF16, Type::BF16x2);
}

}  // namespace cupel::emulator

// SPDX-License-Identifier: Apache-2.0
// setp, set, selp, slct, testp: 13 comparisons over integers and reals, joined with a predicate by
// and, or, xor.
#include <fmt/format.h>

#include <cmath>

#include "emulator/forms.hpp"
#include "emulator/integers.hpp"
#include "emulator/lanewise.hpp"
#include "emulator/real.hpp"

namespace cupel::emulator {
namespace {

struct Eq {
    template <class T>
    static bool of(T a, T b) {
        return a == b;
    }
};
struct Ne {
    template <class T>
    static bool of(T a, T b) {
        return a < b || a > b;
    }
};  // false for NaN
struct Lt {
    template <class T>
    static bool of(T a, T b) {
        return a < b;
    }
};
struct Le {
    template <class T>
    static bool of(T a, T b) {
        return a <= b;
    }
};
struct Gt {
    template <class T>
    static bool of(T a, T b) {
        return a > b;
    }
};
struct Ge {
    template <class T>
    static bool of(T a, T b) {
        return a >= b;
    }
};
// Of reals: true where one is NaN.
struct Equ {
    template <class T>
    static bool of(T a, T b) {
        return !(a < b || a > b);
    }
};
struct Neu {
    template <class T>
    static bool of(T a, T b) {
        return !(a == b);
    }
};
struct Ltu {
    template <class T>
    static bool of(T a, T b) {
        return !(a >= b);
    }
};
struct Leu {
    template <class T>
    static bool of(T a, T b) {
        return !(a > b);
    }
};
struct Gtu {
    template <class T>
    static bool of(T a, T b) {
        return !(a <= b);
    }
};
struct Geu {
    template <class T>
    static bool of(T a, T b) {
        return !(a < b);
    }
};
struct Num {
    template <class T>
    static bool of(T a, T b) {
        return !std::isnan(a) && !std::isnan(b);
    }
};
struct Nan {
    template <class T>
    static bool of(T a, T b) {
        return std::isnan(a) || std::isnan(b);
    }
};

// How values of a type are read: halves as doubles, so that one set of comparisons does.
struct Plain {
    template <class T>
    static T read(T value) {
        return value;
    }
};
struct Flushed {
    static float read(float value) { return flushed<true>(value); }
};
template <class Format>
struct Half {
    static constexpr bool kHalf = true;
    static double read(U16 bits) { return Format::to_double(bits); }
};
template <class Format>
struct FlushedHalf {
    static constexpr bool kHalf = true;
    static double read(U16 bits) { return Format::to_double(Format::flush(bits)); }
};

enum Join : std::uint8_t { None, And, Or, Xor };

U32 joined(U32 bits, U32 c, std::uint8_t join) {
    switch (join) {
        case And:
            return bits & c;
        case Or:
            return bits | c;
        case Xor:
            return bits ^ c;
        default:
            return bits;
    }
}

template <class Compare, class Read, class T>
struct Bits {
    [[gnu::always_inline]] static U32 of(const Warp& warp, const Op& op) {
        std::array<T, kLanes> a;
        std::array<T, kLanes> b;
        load_row(warp, op.a, a.data());
        load_row(warp, op.b, b.data());
        U32 bits = 0;
        for (unsigned i = 0; i < kLanes; i++)
            bits |= U32{Compare::of(Read::read(a[i]), Read::read(b[i]))} << i;
        return bits;
    }
};

// p = compare JOIN c, q = !compare JOIN c. The immediate is all ones for !c.
template <class Compare, class Read, class T>
struct SetPredicate {
    [[gnu::always_inline]] static void run(Warp& warp, const Op& op) {
        const U32 bits = Bits<Compare, Read, T>::of(warp, op);
        const U32 c = predicate(warp, op.c) ^ static_cast<U32>(op.imm);
        set_predicate(warp, op.d, joined(bits, c, op.flags));
        set_predicate(warp, op.d2, joined(~bits, c, op.flags));
    }
};

// Comparisons of pairs of halves: p for the low ones, q for the high ones.
template <class Compare, class Read>
void compare_pairs(Warp& warp, const Op& op) {
    std::array<U32, kLanes> a;
    std::array<U32, kLanes> b;
    load_row(warp, op.a, a.data());
    load_row(warp, op.b, b.data());
    const auto holds = [](U32 x, U32 y) {
        return U32{Compare::of(Read::read(static_cast<U16>(x)), Read::read(static_cast<U16>(y)))};
    };
    U32 low = 0;
    U32 high = 0;
    for (unsigned i = 0; i < kLanes; i++) {
        low |= holds(a[i], b[i]) << i;
        high |= holds(a[i] >> 16, b[i] >> 16) << i;
    }
    const U32 c = predicate(warp, op.c) ^ static_cast<U32>(op.imm);
    set_predicate(warp, op.d, joined(low, c, op.flags));
    set_predicate(warp, op.d2, joined(high, c, op.flags));
}

// set: the inner handler is that of setp; its results go where nobody looks.
template <class D, auto True, bool Pair = false>
void set_values(Warp& warp, const Op& op) {
    Op compare = op;
    compare.d = kTrashRow;
    compare.d2 = kTrashRow + kUnit;
    op.inner(warp, compare);
    const U32 low = predicate(warp, compare.d);
    const U32 high = predicate(warp, compare.d2);
    std::array<D, kLanes> result;
    for (unsigned i = 0; i < kLanes; i++) {
        result[i] = ((low >> i) & 1) != 0 ? D{True} : D{0};
        if constexpr (Pair) result[i] |= ((high >> i) & 1) != 0 ? D{True} << 16 : D{0};
    }
    store_row(warp, op.d, result.data());
}

constexpr std::array<std::string_view, 4> kJoins = {"", ".and", ".or", ".xor"};
constexpr U32 kOneF32 = 0x3F80'0000;
constexpr U16 kOneF16 = 0x3C00;
constexpr U16 kOneBF16 = 0x3F80;

// A comparison with each join, as setp and as set.
struct Comparison {
    std::string_view compare;
    std::string_view ftz;
    Type type;
    Handler run;
};
void add_set(Forms& forms, const Comparison& of, std::uint8_t join, Form form) {
    form.inner = of.run;
    form.pair = false;
    const auto add = [&](Type d, Handler run) {
        form.run = run;
        form.types[0] = d;
        forms.add(fmt::format("set.{}{}{}.{}.{}", of.compare, kJoins[join], of.ftz, name_of(d),
                              name_of(of.type)),
                  form);
    };
    if (of.type == Type::F16x2) return add(of.type, &set_values<U32, kOneF16, true>);
    if (of.type == Type::BF16x2) return add(of.type, &set_values<U32, kOneBF16, true>);
    add(Type::U32, &set_values<U32, ~U32{0}>);
    add(Type::S32, &set_values<U32, ~U32{0}>);
    if (of.type == Type::F16 || of.type == Type::BF16) {
        constexpr auto kAll = static_cast<U16>(0xFFFF);
        add(Type::U16, &set_values<U16, kAll>);
        add(Type::S16, &set_values<U16, kAll>);
        add(of.type, of.type == Type::F16 ? &set_values<U16, kOneF16> : &set_values<U16, kOneBF16>);
    } else {
        add(Type::F32, &set_values<U32, kOneF32>);
    }
}
void add_comparison(Forms& forms, const Comparison& of) {
    for (std::uint8_t join = None; join <= Xor; join++) {
        Form form{.run = of.run, .sources = join == None ? 2U : 3U, .work = Work::Compare};
        form.pair = true;
        form.flags = join;
        form.types = {Type::Pred, of.type, of.type, join == None ? Type::None : Type::Pred,
                      Type::None};
        forms.add(fmt::format("setp.{}{}{}.{}", of.compare, kJoins[join], of.ftz, name_of(of.type)),
                  form);
        add_set(forms, of, join, form);
    }
}

// T: U32 for pairs of halves, which are read one by one.
template <class Compare, class Read, class T>
void add_one(Forms& forms, std::string_view compare, std::string_view ftz, Type type) {
    Handler run = nullptr;
    if constexpr (std::is_same_v<T, U32> && requires { Read::kHalf; }) {
        run = &compare_pairs<Compare, Read>;
    } else {
        run = handler<SetPredicate<Compare, Read, T>>();
    }
    add_comparison(forms, {.compare = compare, .ftz = ftz, .type = type, .run = run});
}

template <class Read, class T>
void add_ordered(Forms& forms, std::string_view ftz, Type type) {
    add_one<Eq, Read, T>(forms, "eq", ftz, type);
    add_one<Ne, Read, T>(forms, "ne", ftz, type);
    add_one<Lt, Read, T>(forms, "lt", ftz, type);
    add_one<Le, Read, T>(forms, "le", ftz, type);
    add_one<Gt, Read, T>(forms, "gt", ftz, type);
    add_one<Ge, Read, T>(forms, "ge", ftz, type);
}
template <class Read, class T>
void add_integers(Forms& forms, Type type) {
    if (type == Type::B16 || type == Type::B32 || type == Type::B64) {
        add_one<Eq, Read, T>(forms, "eq", "", type);
        add_one<Ne, Read, T>(forms, "ne", "", type);
        return;
    }
    add_ordered<Read, T>(forms, "", type);
    if (is_signed(type)) return;
    add_one<Lt, Read, T>(forms, "lo", "", type);
    add_one<Le, Read, T>(forms, "ls", "", type);
    add_one<Gt, Read, T>(forms, "hi", "", type);
    add_one<Ge, Read, T>(forms, "hs", "", type);
}
template <class Read, class T>
void add_reals(Forms& forms, std::string_view ftz, Type type) {
    add_ordered<Read, T>(forms, ftz, type);
    add_one<Equ, Read, T>(forms, "equ", ftz, type);
    add_one<Neu, Read, T>(forms, "neu", ftz, type);
    add_one<Ltu, Read, T>(forms, "ltu", ftz, type);
    add_one<Leu, Read, T>(forms, "leu", ftz, type);
    add_one<Gtu, Read, T>(forms, "gtu", ftz, type);
    add_one<Geu, Read, T>(forms, "geu", ftz, type);
    add_one<Num, Read, T>(forms, "num", ftz, type);
    add_one<Nan, Read, T>(forms, "nan", ftz, type);
}

template <class T>
struct Select {
    [[gnu::always_inline]] static void run(Warp& warp, const Op& op) {
        std::array<T, kLanes> a;
        std::array<T, kLanes> b;
        load_row(warp, op.a, a.data());
        load_row(warp, op.b, b.data());
        const U32 p = predicate(warp, op.c) ^ static_cast<U32>(op.imm);
        for (unsigned i = 0; i < kLanes; i++)
            a[i] = ((p >> i) & 1) != 0 ? a[i] : b[i];
        store_row(warp, op.d, a.data());
    }
};

template <class T>
void add_select(Forms& forms, std::initializer_list<Type> types) {
    for (const Type t : types) {
        Form form{.run = handler<Select<T>>(),
                  .sources = 3,
                  .work = Work::Move,
                  .selects = true,
                  .flags = 1};
        form.types = {t, t, t, Type::Pred, Type::None};
        forms.add(fmt::format("selp.{}", name_of(t)), form);
        form.run = lanewise<[](T a, T b, S32 c) { return c >= 0 ? a : b; }, T, T, T, S32>();
        form.types[3] = Type::S32;
        form.flags = 0;
        forms.add(fmt::format("slct.{}.s32", name_of(t)), form);
        // Flushed, a negative subnormal is a zero, which chooses a.
        constexpr auto kFlushing = [](T a, T b, float c) { return flushed<true>(c) >= 0 ? a : b; };
        forms.add(fmt::format("slct.{}.f32", name_of(t)),
                  lanewise<[](T a, T b, float c) { return c >= 0 ? a : b; }, T, T, T, float>(),
                  {t, t, t, Type::F32}, Work::Move);
        forms.add(fmt::format("slct.ftz.{}.f32", name_of(t)),
                  &run_anywhere<Lanewise<kFlushing, T, T, T, float>>, {t, t, t, Type::F32},
                  Work::Move);
    }
}

template <class F>
void add_test(Forms& forms, std::string_view name, F) {
    const auto add = [&]<class T>(Type type) {
        struct Test {
            [[gnu::always_inline]] static void run(Warp& warp, const Op& op) {
                std::array<T, kLanes> a;
                load_row(warp, op.a, a.data());
                U32 bits = 0;
                for (unsigned i = 0; i < kLanes; i++)
                    bits |= U32{F{}(std::fpclassify(a[i]))} << i;
                set_predicate(warp, op.d, bits);
            }
        };
        forms.add(fmt::format("testp.{}.{}", name, name_of(type)), &Test::run, {Type::Pred, type},
                  Work::Compare);
    };
    add.template operator()<float>(Type::F32);
    add.template operator()<double>(Type::F64);
}

}  // namespace

void add_compare_forms(Forms& forms) {
    for_types<U16, std::int16_t, U32, S32, U64, std::int64_t>(
        [&]<class T>() { add_integers<Plain, T>(forms, type_for<T>()); });
    add_integers<Plain, U16>(forms, Type::B16);
    add_integers<Plain, U32>(forms, Type::B32);
    add_integers<Plain, U64>(forms, Type::B64);
    add_reals<Plain, float>(forms, "", Type::F32);
    add_reals<Flushed, float>(forms, ".ftz", Type::F32);
    add_reals<Plain, double>(forms, "", Type::F64);
    add_reals<Half<F16Format>, U16>(forms, "", Type::F16);
    add_reals<FlushedHalf<F16Format>, U16>(forms, ".ftz", Type::F16);
    add_reals<Half<BF16Format>, U16>(forms, "", Type::BF16);
    add_reals<Half<F16Format>, U32>(forms, "", Type::F16x2);
    add_reals<FlushedHalf<F16Format>, U32>(forms, ".ftz", Type::F16x2);
    add_reals<Half<BF16Format>, U32>(forms, "", Type::BF16x2);
    add_select<U16>(forms, {Type::B16, Type::U16, Type::S16, Type::F16, Type::BF16});
    add_select<U32>(forms, {Type::B32, Type::U32, Type::S32, Type::F32});
    add_select<U64>(forms, {Type::B64, Type::U64, Type::S64, Type::F64});
    add_test(forms, "finite", [](int c) { return c != FP_NAN && c != FP_INFINITE; });
    add_test(forms, "infinite", [](int c) { return c == FP_INFINITE; });
    add_test(forms, "number", [](int c) { return c != FP_NAN; });
    add_test(forms, "notanumber", [](int c) { return c == FP_NAN; });
    // PTX has no zero be normal; the device does.
    add_test(forms, "normal", [](int c) { return c == FP_NORMAL || c == FP_ZERO; });
    add_test(forms, "subnormal", [](int c) { return c == FP_SUBNORMAL; });
}

}  // namespace cupel::emulator

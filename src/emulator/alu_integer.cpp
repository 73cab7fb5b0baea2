// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic. Sums and products are modulo 2^n in unsigned arithmetic, whatever the sign.
#include <fmt/format.h>

#include <limits>

#include "emulator/forms.hpp"
#include "emulator/integers.hpp"
#include "emulator/lanewise.hpp"

namespace cupel::emulator {
namespace {

template <class T>
using Unsigned = std::make_unsigned_t<T>;

template <class T>
constexpr T add(T a, T b) {
    return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b));
}
template <class T>
constexpr T sub(T a, T b) {
    return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b));
}
template <class T>
constexpr T mul(T a, T b) {  // U64: 16-bit operands would be promoted to int, which can overflow
    return static_cast<T>(U64{static_cast<Unsigned<T>>(a)} * U64{static_cast<Unsigned<T>>(b)});
}

template <class T>
struct WiderOf;
template <>
struct WiderOf<U16> {
    using Type = U32;
};
template <>
struct WiderOf<S16> {
    using Type = S32;
};
template <>
struct WiderOf<U32> {
    using Type = U64;
};
template <>
struct WiderOf<S32> {
    using Type = S64;
};
__extension__ using U128 = unsigned __int128;
__extension__ using S128 = __int128;
template <>
struct WiderOf<U64> {
    using Type = U128;
};
template <>
struct WiderOf<S64> {
    using Type = S128;
};
template <class T>
using Wider = typename WiderOf<T>::Type;

template <class T>
constexpr T high(T a, T b) {
    return static_cast<T>((Wider<T>{a} * Wider<T>{b}) >> (sizeof(T) * 8));
}
template <class T>
constexpr Wider<T> wide(T a, T b) {
    return Wider<T>{a} * Wider<T>{b};
}

// Division by zero gives all ones, and its remainder the dividend, as the device does.
template <class T>
constexpr T divide(T a, T b) {
    if (b == 0) return static_cast<T>(~T{0});
    if constexpr (std::is_signed_v<T>) {
        if (b == -1) return sub<T>(0, a);
    }
    return static_cast<T>(a / b);
}
template <class T>
constexpr T remainder(T a, T b) {
    if (b == 0) return a;
    if constexpr (std::is_signed_v<T>) {
        if (b == -1) return 0;
    }
    return static_cast<T>(a % b);
}

template <class T>
constexpr T absolute(T a) {
    return a < 0 ? sub<T>(0, a) : a;
}

template <class T>
constexpr T saturated(S64 value) {
    const S64 most = std::numeric_limits<T>::max();
    const S64 least = std::numeric_limits<T>::min();
    return static_cast<T>(value > most ? most : value < least ? least : value);
}

template <class T>
void add_arithmetic(Forms& forms) {
    const Type t = type_for<T>();
    const auto two = [&](std::string_view name, Handler run) {
        forms.add(fmt::format("{}.{}", name, name_of(t)), run, {t, t, t}, Work::Integer);
    };
    const auto three = [&](std::string_view name, Handler run) {
        forms.add(fmt::format("{}.{}", name, name_of(t)), run, {t, t, t, t}, Work::Integer);
    };
    two("add", lanewise<add<T>, T, T, T>());
    two("sub", lanewise<sub<T>, T, T, T>());
    two("mul.lo", lanewise<mul<T>, T, T, T>());
    two("mul.hi", lanewise<high<T>, T, T, T>());
    two("div", lanewise<divide<T>, T, T, T>());
    two("rem", lanewise<remainder<T>, T, T, T>());
    two("min", lanewise<[](T a, T b) { return a < b ? a : b; }, T, T, T>());
    two("max", lanewise<[](T a, T b) { return a < b ? b : a; }, T, T, T>());
    three("mad.lo", lanewise<[](T a, T b, T c) { return add<T>(mul<T>(a, b), c); }, T, T, T, T>());
    three("mad.hi", lanewise<[](T a, T b, T c) { return add<T>(high<T>(a, b), c); }, T, T, T, T>());
    three("sad",
          lanewise<[](T a, T b, T c) { return add<T>(c, a < b ? sub<T>(b, a) : sub<T>(a, b)); }, T,
                   T, T, T>());
    if constexpr (std::is_signed_v<T>) {
        forms.add(fmt::format("neg.{}", name_of(t)),
                  lanewise<[](T a) { return sub<T>(0, a); }, T, T>(), {t, t}, Work::Integer);
        forms.add(fmt::format("abs.{}", name_of(t)), lanewise<absolute<T>, T, T>(), {t, t},
                  Work::Integer);
    }
}

// Arithmetic of several words: e holds the carry of the last word, d2 takes that of this one. Of a
// difference it is the borrow; of a fused product that of the sum.
enum class Kind : std::uint8_t { Sum, Difference, LowProduct, HighProduct };
template <class T, Kind K, bool TakesCarry>
void with_carry(Warp& warp, const Op& op) {
    using U = Unsigned<T>;
    std::array<T, kLanes> a;
    std::array<T, kLanes> b;
    std::array<T, kLanes> c;
    load_row(warp, op.a, a.data());
    load_row(warp, op.b, b.data());
    load_row(warp, op.c, c.data());
    const U32 in = TakesCarry ? predicate(warp, op.e) : 0;
    U32 out = 0;
    for (unsigned i = 0; i < kLanes; i++) {
        constexpr bool kFused = K == Kind::LowProduct || K == Kind::HighProduct;
        T left = a[i];
        if constexpr (kFused)
            left = K == Kind::LowProduct ? mul<T>(a[i], b[i]) : high<T>(a[i], b[i]);
        const Wider<U> x = static_cast<U>(left);
        const Wider<U> y = static_cast<U>(kFused ? c[i] : b[i]);
        const Wider<U> carry = (in >> i) & 1;
        const Wider<U> total = K == Kind::Difference ? x - y - carry : x + y + carry;
        a[i] = static_cast<T>(static_cast<U>(total));
        out |= static_cast<U32>((total >> (8 * sizeof(T))) & 1) << i;
    }
    store_row(warp, op.d, a.data());
    set_predicate(warp, op.d2, out);
}

template <class T>
void add_carries(Forms& forms) {
    const Type t = type_for<T>();
    const auto add = [&]<Kind K>(std::string_view name, std::string_view part, unsigned sources) {
        const auto one = [&](bool takes, bool gives) {
            Form form{.run = takes ? &with_carry<T, K, true> : &with_carry<T, K, false>,
                      .sources = sources};
            form.types = {t, t, t, sources == 3 ? t : Type::None, Type::None};
            form.takes_carry = takes;
            form.gives_carry = gives;
            forms.add(fmt::format("{}{}{}{}.{}", name, takes ? "c" : "", part, gives ? ".cc" : "",
                                  name_of(t)),
                      form);
        };
        one(false, true);
        one(true, false);
        one(true, true);
    };
    add.template operator()<Kind::Sum>("add", "", 2);
    add.template operator()<Kind::Difference>("sub", "", 2);
    add.template operator()<Kind::LowProduct>("mad", ".lo", 3);
    add.template operator()<Kind::HighProduct>("mad", ".hi", 3);
}

template <class T>
void add_wide(Forms& forms) {
    using W = Wider<T>;
    const Type t = type_for<T>();
    const Type w = type_for<W>();
    forms.add(fmt::format("mul.wide.{}", name_of(t)), lanewise<wide<T>, W, T, T>(), {w, t, t},
              Work::Integer);
    forms.add(fmt::format("mad.wide.{}", name_of(t)),
              lanewise<[](T a, T b, W c) { return add<W>(wide<T>(a, b), c); }, W, T, T, W>(),
              {w, t, t, w}, Work::Integer);
}

// Four products of bytes and a sum. Signed or not, each operand for itself.
template <class A, class B>
S32 dot4(U32 a, U32 b, S32 c) {
    U32 sum = static_cast<U32>(c);
    for (int i = 0; i < 32; i += 8) {
        sum += static_cast<U32>(static_cast<A>(a >> i) * static_cast<B>(b >> i));
    }
    return static_cast<S32>(sum);
}

void add_byte_dots(Forms& forms) {
    using S8 = std::int8_t;
    using U8 = std::uint8_t;
    const auto one = [&](const char* name, Handler run, Type c) {
        forms.add(name, run, {c, Type::B32, Type::B32, c}, Work::Integer);
    };
    one("dp4a.s32.s32", lanewise<dot4<S8, S8>, S32, U32, U32, S32>(), Type::S32);
    one("dp4a.s32.u32", lanewise<dot4<S8, U8>, S32, U32, U32, S32>(), Type::S32);
    one("dp4a.u32.s32", lanewise<dot4<U8, S8>, S32, U32, U32, S32>(), Type::S32);
    one("dp4a.u32.u32", lanewise<dot4<U8, U8>, S32, U32, U32, S32>(), Type::U32);
}

// Two halves of a with two bytes of b, the lower or the upper ones.
template <class A, class B, unsigned From>
S32 dot2(U32 a, U32 b, S32 c) {
    const auto product = [&](unsigned half, unsigned byte) {
        return static_cast<U32>(static_cast<A>(a >> (16 * half)) * static_cast<B>(b >> (8 * byte)));
    };
    return static_cast<S32>(static_cast<U32>(c) + product(0, From) + product(1, From + 1));
}
void add_half_dots(Forms& forms) {
    const auto add = [&]<class A, class B>(const char* types, Type c) {
        const auto one = [&](const char* part, Handler run) {
            forms.add(fmt::format("dp2a.{}.{}", part, types), run, {c, Type::B32, Type::B32, c},
                      Work::Integer);
        };
        one("lo", &run_anywhere<Lanewise<dot2<A, B, 0>, S32, U32, U32, S32>>);
        one("hi", &run_anywhere<Lanewise<dot2<A, B, 2>, S32, U32, U32, S32>>);
    };
    add.template operator()<S16, std::int8_t>("s32.s32", Type::S32);
    add.template operator()<S16, std::uint8_t>("s32.u32", Type::S32);
    add.template operator()<U16, std::int8_t>("u32.s32", Type::S32);
    add.template operator()<U16, std::uint8_t>("u32.u32", Type::U32);
}

template <class T>
constexpr T sum(T a, T b) {
    return add<T>(a, b);
}
// Of two 16-bit integers each.
template <class T, auto F>
U32 halfwise(U32 a, U32 b) {
    const auto one = [](U32 x, U32 y) {
        return U32{static_cast<U16>(F(static_cast<T>(x), static_cast<T>(y)))};
    };
    return (one(a >> 16, b >> 16) << 16) | one(a, b);
}
template <class T>
constexpr T lesser(T a, T b) {
    return a < b ? a : b;
}
template <class T>
constexpr T greater(T a, T b) {
    return a < b ? b : a;
}
// Held to be positive.
template <class T, auto F>
constexpr T positive(T a, T b) {
    return greater<T>(F(a, b), 0);
}
void add_packed(Forms& forms) {
    const auto add = [&]<auto F>(const char* name) {
        forms.add(name, &run_anywhere<Lanewise<F, U32, U32, U32>>,
                  {Type::B32, Type::B32, Type::B32}, Work::Integer);
    };
    add.template operator()<halfwise<U16, sum<U16>>>("add.u16x2");
    add.template operator()<halfwise<U16, sum<U16>>>("add.s16x2");
    add.template operator()<halfwise<U16, lesser<U16>>>("min.u16x2");
    add.template operator()<halfwise<U16, greater<U16>>>("max.u16x2");
    add.template operator()<halfwise<S16, lesser<S16>>>("min.s16x2");
    add.template operator()<halfwise<S16, greater<S16>>>("max.s16x2");
    add.template operator()<halfwise<S16, positive<S16, lesser<S16>>>>("min.relu.s16x2");
    add.template operator()<halfwise<S16, positive<S16, greater<S16>>>>("max.relu.s16x2");
    const auto relu = [&](const char* name, Handler run) {
        forms.add(name, run, {Type::S32, Type::S32, Type::S32}, Work::Integer);
    };
    relu("min.relu.s32", &run_anywhere<Lanewise<positive<S32, lesser<S32>>, S32, S32, S32>>);
    relu("max.relu.s32", &run_anywhere<Lanewise<positive<S32, greater<S32>>, S32, S32, S32>>);
}

constexpr S32 low24(S32 a) {
    return static_cast<S32>(static_cast<U32>(a) << 8) >> 8;
}

// Bits 16 to 47 of the product.
constexpr S32 high24(S32 a, S32 b) {
    return static_cast<S32>((S64{low24(a)} * low24(b)) >> 16);
}
constexpr U32 high24(U32 a, U32 b) {
    return static_cast<U32>((U64{a & 0xFFFFFF} * (b & 0xFFFFFF)) >> 16);
}
template <class T>
void add_high_24_bits(Forms& forms) {
    const Type t = type_for<T>();
    forms.add(fmt::format("mul24.hi.{}", name_of(t)),
              &run_anywhere<Lanewise<[](T a, T b) { return high24(a, b); }, T, T, T>>, {t, t, t},
              Work::Integer);
    forms.add(
        fmt::format("mad24.hi.{}", name_of(t)),
        &run_anywhere<Lanewise<[](T a, T b, T c) { return add<T>(high24(a, b), c); }, T, T, T, T>>,
        {t, t, t, t}, Work::Integer);
}

void add_24_bits(Forms& forms) {
    add_high_24_bits<S32>(forms);
    add_high_24_bits<U32>(forms);
    const Type s = Type::S32;
    const Type u = Type::U32;
    forms.add("mul24.lo.s32",
              lanewise<[](S32 a, S32 b) { return mul<S32>(low24(a), low24(b)); }, S32, S32, S32>(),
              {s, s, s}, Work::Integer);
    forms.add(
        "mul24.lo.u32",
        lanewise<[](U32 a, U32 b) { return (a & 0xFFFFFF) * (b & 0xFFFFFF); }, U32, U32, U32>(),
        {u, u, u}, Work::Integer);
    forms.add(
        "mad24.lo.s32",
        lanewise<[](S32 a, S32 b, S32 c) { return add<S32>(mul<S32>(low24(a), low24(b)), c); }, S32,
                 S32, S32, S32>(),
        {s, s, s, s}, Work::Integer);
    forms.add("mad24.lo.u32",
              lanewise<[](U32 a, U32 b, U32 c) { return (a & 0xFFFFFF) * (b & 0xFFFFFF) + c; }, U32,
                       U32, U32, U32>(),
              {u, u, u, u}, Work::Integer);
}

}  // namespace

void add_integer_forms(Forms& forms) {
    for_types<U16, S16, U32, S32, U64, S64>([&]<class T>() { add_arithmetic<T>(forms); });
    for_types<U16, S16, U32, S32>([&]<class T>() { add_wide<T>(forms); });
    for_types<U32, S32, U64, S64>([&]<class T>() { add_carries<T>(forms); });
    add_byte_dots(forms);
    add_half_dots(forms);
    add_packed(forms);
    add_24_bits(forms);
    const Type s = Type::S32;
    forms.add(
        "mad24.hi.sat.s32",
        &run_anywhere<
            Lanewise<[](S32 a, S32 b, S32 c) { return saturated<S32>(S64{high24(a, b)} + c); }, S32,
                     S32, S32, S32>>,
        {s, s, s, s}, Work::Integer);
    forms.add("add.sat.s32",
              lanewise<[](S32 a, S32 b) { return saturated<S32>(S64{a} + b); }, S32, S32, S32>(),
              {s, s, s}, Work::Integer);
    forms.add("sub.sat.s32",
              lanewise<[](S32 a, S32 b) { return saturated<S32>(S64{a} - b); }, S32, S32, S32>(),
              {s, s, s}, Work::Integer);
    forms.add("mad.hi.sat.s32",
              lanewise<[](S32 a, S32 b, S32 c) { return saturated<S32>(S64{high<S32>(a, b)} + c); },
                       S32, S32, S32, S32>(),
              {s, s, s, s}, Work::Integer);
}

}  // namespace cupel::emulator

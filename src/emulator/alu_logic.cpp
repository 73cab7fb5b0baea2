// SPDX-License-Identifier: Apache-2.0
// Bits: logic, shifts, fields, permutations, moves.
#include <fmt/format.h>

#include "emulator/forms.hpp"
#include "emulator/integers.hpp"
#include "emulator/lanewise.hpp"

namespace cupel::emulator {
namespace {

constexpr Type kB32 = Type::B32;
constexpr Type kU32 = Type::U32;

template <class T>
constexpr unsigned kBits = sizeof(T) * 8;

template <class T>
constexpr Type bits_type() {
    return sizeof(T) == 2 ? Type::B16 : sizeof(T) == 4 ? Type::B32 : Type::B64;
}

// A shift by the width or more leaves zeros, or copies of the sign.
template <class T>
constexpr T shift_left(T a, U32 by) {
    return by >= kBits<T> ? T{0} : static_cast<T>(U64{a} << by);
}
template <class T>
constexpr T shift_right(T a, U32 by) {
    if constexpr (std::is_signed_v<T>)
        return static_cast<T>(a >> (by >= kBits<T> ? kBits<T> - 1 : by));
    return by >= kBits<T> ? T{0} : static_cast<T>(a >> by);
}

template <class T>
void add_logic(Forms& forms) {
    constexpr Type kType = bits_type<T>();
    const auto two = [&](std::string_view name, Handler run) {
        forms.add(fmt::format("{}.{}", name, name_of(kType)), run, {kType, kType, kType},
                  Work::Logic);
    };
    const auto one = [&](std::string_view name, Handler run) {
        forms.add(fmt::format("{}.{}", name, name_of(kType)), run, {kType, kType}, Work::Logic);
    };
    two("and", lanewise<[](T a, T b) { return static_cast<T>(a & b); }, T, T, T>());
    two("or", lanewise<[](T a, T b) { return static_cast<T>(a | b); }, T, T, T>());
    two("xor", lanewise<[](T a, T b) { return static_cast<T>(a ^ b); }, T, T, T>());
    one("not", lanewise<[](T a) { return static_cast<T>(~a); }, T, T>());
    one("cnot", lanewise<[](T a) { return static_cast<T>(a == 0 ? 1 : 0); }, T, T>());
    forms.add(fmt::format("shl.{}", name_of(kType)), lanewise<shift_left<T>, T, T, U32>(),
              {kType, kType, kU32}, Work::Logic);
    forms.add(fmt::format("shr.{}", name_of(kType)), lanewise<shift_right<T>, T, T, U32>(),
              {kType, kType, kU32}, Work::Logic);
}

template <class T>
void add_typed_shift(Forms& forms) {
    constexpr Type kType = type_for<T>();
    forms.add(fmt::format("shr.{}", name_of(kType)), lanewise<shift_right<T>, T, T, U32>(),
              {kType, kType, kU32}, Work::Logic);
}

// Predicates are one word for a warp.
struct And {
    static U32 of(U32 a, U32 b) { return a & b; }
};
struct Or {
    static U32 of(U32 a, U32 b) { return a | b; }
};
struct Xor {
    static U32 of(U32 a, U32 b) { return a ^ b; }
};
template <class F>
void predicate_logic(Warp& warp, const Op& op) {
    const U32 a = predicate(warp, op.a) ^ static_cast<U32>(op.imm);
    const U32 b = predicate(warp, op.b) ^ static_cast<U32>(op.imm >> 32);
    set_predicate(warp, op.d, F::of(a, b));
}
void predicate_not(Warp& warp, const Op& op) {
    set_predicate(warp, op.d, ~predicate(warp, op.a) ^ static_cast<U32>(op.imm));
}
void predicate_move(Warp& warp, const Op& op) {
    set_predicate(warp, op.d, predicate(warp, op.a) ^ static_cast<U32>(op.imm));
}

void add_predicates(Forms& forms) {
    const Type p = Type::Pred;
    forms.add("and.pred", &predicate_logic<And>, {p, p, p}, Work::Logic);
    forms.add("or.pred", &predicate_logic<Or>, {p, p, p}, Work::Logic);
    forms.add("xor.pred", &predicate_logic<Xor>, {p, p, p}, Work::Logic);
    forms.add("not.pred", &predicate_not, {p, p}, Work::Logic);
    forms.add("mov.pred", &predicate_move, {p, p}, Work::Move);
}

template <class T>
U32 leading_zeros(T a) {
    return static_cast<U32>(std::countl_zero(a));
}
template <class T>
U32 ones(T a) {
    return static_cast<U32>(std::popcount(a));
}
template <class T>
T reversed(T a) {
    T result = 0;
    for (unsigned i = 0; i < kBits<T>; i++)
        result = static_cast<T>((result << 1) | ((a >> i) & 1));
    return result;
}
// The place of the highest bit that differs from the sign; all ones where there is none.
template <class T, bool FromTop>
U32 find_bit(T a) {
    using Bits = std::make_unsigned_t<T>;
    auto bits = static_cast<Bits>(a);
    if constexpr (std::is_signed_v<T>) {
        if (a < 0) bits = static_cast<Bits>(~bits);
    }
    if (bits == 0) return ~U32{0};
    const auto zeros = static_cast<U32>(std::countl_zero(bits));
    return FromTop ? zeros : kBits<T> - 1 - zeros;
}
// Places and lengths of fields: 32-bit instructions look at the low byte, as PTX has it; those of
// 64 bits, which the device makes of shifts, at all of it.
template <class T>
U32 extent(U32 value) {
    return sizeof(T) == 8 ? value : value & 0xFF;
}
template <class T>
T extract(T a, U32 start, U32 length) {
    using Bits = std::make_unsigned_t<T>;
    start = extent<T>(start);
    length = extent<T>(length);
    if (length == 0) return 0;
    const auto top = static_cast<U32>(std::min<U64>(U64{start} + length - 1, kBits<T> - 1));
    const bool negative = std::is_signed_v<T> && ((static_cast<Bits>(a) >> top) & 1) != 0;
    if (start >= kBits<T>) return negative ? static_cast<T>(-1) : T{0};
    auto field = static_cast<Bits>(static_cast<Bits>(a) >> start);
    const U32 width = top - start + 1;
    if (width < kBits<T>) {
        const auto keep = static_cast<Bits>((Bits{1} << width) - 1);
        field = static_cast<Bits>(negative ? field | ~keep : field & keep);
    }
    return static_cast<T>(field);
}
template <class T>
T insert(T a, T b, U32 start, U32 length) {
    start = extent<T>(start);
    length = extent<T>(length);
    if (start >= kBits<T> || length == 0) return b;
    const T field =
        length >= kBits<T> ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << length) - 1);
    const T keep = static_cast<T>(field << start);
    return static_cast<T>((b & ~keep) | ((a << start) & keep));
}

template <class T>
void add_bits(Forms& forms) {
    constexpr Type kType = bits_type<T>();
    const auto name = name_of(kType);
    forms.add(fmt::format("popc.{}", name), lanewise<ones<T>, U32, T>(), {kU32, kType},
              Work::Logic);
    forms.add(fmt::format("clz.{}", name), lanewise<leading_zeros<T>, U32, T>(), {kU32, kType},
              Work::Logic);
    forms.add(fmt::format("brev.{}", name), lanewise<reversed<T>, T, T>(), {kType, kType},
              Work::Logic);
    forms.add(fmt::format("bfi.{}", name), lanewise<insert<T>, T, T, T, U32, U32>(),
              {kType, kType, kType, kU32, kU32}, Work::Logic);
}
template <class T>
void add_fields(Forms& forms) {
    constexpr Type kType = type_for<T>();
    const auto name = name_of(kType);
    forms.add(fmt::format("bfe.{}", name), lanewise<extract<T>, T, T, U32, U32>(),
              {kType, kType, kU32, kU32}, Work::Logic);
    forms.add(fmt::format("bfind.{}", name), lanewise<find_bit<T, false>, U32, T>(), {kU32, kType},
              Work::Logic);
    forms.add(fmt::format("bfind.shiftamt.{}", name), lanewise<find_bit<T, true>, U32, T>(),
              {kU32, kType}, Work::Logic);
}

// Four bytes out of the eight of b:a, each chosen by four bits; the highest of those copies the
// sign.
U32 permute(U32 a, U32 b, U32 choice) {
    const U64 from = (U64{b} << 32) | a;
    U32 result = 0;
    for (unsigned i = 0; i < 4; i++) {
        const U32 which = (choice >> (4 * i)) & 0xF;
        U32 byte = static_cast<U32>(from >> (8 * (which & 7))) & 0xFF;
        if ((which & 8) != 0) byte = (byte & 0x80) != 0 ? 0xFF : 0;
        result |= byte << (8 * i);
    }
    return result;
}
// The modes of prmt, as selections for permute; by c & 3.
template <U32 S0, U32 S1, U32 S2, U32 S3>
U32 permute_mode(U32 a, U32 b, U32 c) {
    constexpr std::array<U32, 4> kChoices = {S0, S1, S2, S3};
    return permute(a, b, kChoices[c & 3]);
}

U32 any_logic(U32 a, U32 b, U32 c, U32 table) {
    U32 result = 0;
    if ((table & 0x01) != 0) result |= ~a & ~b & ~c;
    if ((table & 0x02) != 0) result |= ~a & ~b & c;
    if ((table & 0x04) != 0) result |= ~a & b & ~c;
    if ((table & 0x08) != 0) result |= ~a & b & c;
    if ((table & 0x10) != 0) result |= a & ~b & ~c;
    if ((table & 0x20) != 0) result |= a & ~b & c;
    if ((table & 0x40) != 0) result |= a & b & ~c;
    if ((table & 0x80) != 0) result |= a & b & c;
    return result;
}

template <bool Left, bool Clamp>
U32 funnel(U32 a, U32 b, U32 by) {
    by = Clamp ? std::min(by, U32{32}) : by & 31;
    const U64 both = (U64{b} << 32) | a;
    return Left ? static_cast<U32>((both << by) >> 32) : static_cast<U32>(both >> by);
}

// The low bits, extended.
template <class T, bool Clamp>
T extend_from(T a, U32 bits) {
    return extract<T>(a, 0, Clamp ? std::min(bits, U32{32}) : bits & 31);
}

// The |offset|-th set bit at or beyond base, upwards or downwards.
U32 find_nth_set(U32 mask, U32 base, S32 offset) {
    if (offset == 0) return ((mask >> (base & 31)) & 1) != 0 ? base : ~U32{0};
    const int step = offset > 0 ? 1 : -1;
    std::int64_t left = std::abs(std::int64_t{offset});
    for (auto at = static_cast<S32>(base); at >= 0 && at < 32; at += step) {
        if (((mask >> at) & 1) != 0 && --left == 0) return static_cast<U32>(at);
    }
    return ~U32{0};
}

void add_words(Forms& forms) {
    const auto three = [&](const char* name, Handler run) {
        forms.add(name, run, {kB32, kB32, kB32, kB32}, Work::Logic);
    };
    three("prmt.b32", lanewise<permute, U32, U32, U32, U32>());
    three("prmt.b32.f4e",
          lanewise<permute_mode<0x3210, 0x4321, 0x5432, 0x6543>, U32, U32, U32, U32>());
    three("prmt.b32.b4e",
          lanewise<permute_mode<0x5670, 0x6701, 0x7012, 0x0123>, U32, U32, U32, U32>());
    three("prmt.b32.rc8",
          lanewise<permute_mode<0x0000, 0x1111, 0x2222, 0x3333>, U32, U32, U32, U32>());
    three("prmt.b32.ecl",
          lanewise<permute_mode<0x3210, 0x3211, 0x3222, 0x3333>, U32, U32, U32, U32>());
    three("prmt.b32.ecr",
          lanewise<permute_mode<0x0000, 0x1110, 0x2210, 0x3210>, U32, U32, U32, U32>());
    three("prmt.b32.rc16",
          lanewise<permute_mode<0x1010, 0x3232, 0x1010, 0x3232>, U32, U32, U32, U32>());
    three("shf.l.clamp.b32", lanewise<funnel<true, true>, U32, U32, U32, U32>());
    three("shf.l.wrap.b32", lanewise<funnel<true, false>, U32, U32, U32, U32>());
    three("shf.r.clamp.b32", lanewise<funnel<false, true>, U32, U32, U32, U32>());
    three("shf.r.wrap.b32", lanewise<funnel<false, false>, U32, U32, U32, U32>());
    forms.add("lop3.b32", lanewise<any_logic, U32, U32, U32, U32, U32>(),
              {kB32, kB32, kB32, kB32, kU32}, Work::Logic);
    forms.add("bmsk.clamp.b32",
              lanewise<[](U32 a, U32 b) {
                  return a >= 32 ? U32{0} : insert<U32>(~U32{0}, 0, a, std::min(b, U32{32}));
              },
                       U32, U32, U32>(),
              {kB32, kB32, kB32}, Work::Logic);
    forms.add(
        "bmsk.wrap.b32",
        &run_anywhere<Lanewise<[](U32 a, U32 b) { return insert<U32>(~U32{0}, 0, a & 31, b & 31); },
                               U32, U32, U32>>,
        {kB32, kB32, kB32}, Work::Logic);
    const auto extend = [&]<class T>(const char* mode, Handler run) {
        const Type t = type_for<T>();
        forms.add(fmt::format("szext.{}.{}", mode, name_of(t)), run, {t, t, kU32}, Work::Logic);
    };
    extend.template operator()<U32>("clamp",
                                    &run_anywhere<Lanewise<extend_from<U32, true>, U32, U32, U32>>);
    extend.template operator()<S32>("clamp",
                                    &run_anywhere<Lanewise<extend_from<S32, true>, S32, S32, U32>>);
    extend.template operator()<U32>(
        "wrap", &run_anywhere<Lanewise<extend_from<U32, false>, U32, U32, U32>>);
    extend.template operator()<S32>(
        "wrap", &run_anywhere<Lanewise<extend_from<S32, false>, S32, S32, U32>>);
    forms.add("fns.b32", lanewise<find_nth_set, U32, U32, U32, S32>(),
              {kB32, kB32, kB32, Type::S32}, Work::Logic);
}

template <class T>
void move_row(Warp& warp, const Op& op) {
    std::array<T, kLanes> values;
    load_row(warp, op.a, values.data());
    store_row(warp, op.d, values.data());
}

}  // namespace

void add_logic_forms(Forms& forms) {
    for_types<U16, U32, U64>([&]<class T>() { add_logic<T>(forms); });
    for_types<U16, std::int16_t, U32, S32, U64, S64>([&]<class T>() { add_typed_shift<T>(forms); });
    for_types<U32, U64>([&]<class T>() { add_bits<T>(forms); });
    for_types<U32, S32, U64, S64>([&]<class T>() { add_fields<T>(forms); });
    add_predicates(forms);
    add_words(forms);
    for (const Type t : {Type::B16, Type::U16, Type::S16, Type::F16, Type::BF16})
        forms.add(fmt::format("mov.{}", name_of(t)), &move_row<U16>, {t, t}, Work::Move);
    for (const Type t : {Type::B32, Type::U32, Type::S32, Type::F32, Type::F16x2, Type::BF16x2})
        forms.add(fmt::format("mov.{}", name_of(t)), &move_row<U32>, {t, t}, Work::Move);
    for (const Type t : {Type::B64, Type::U64, Type::S64, Type::F64})
        forms.add(fmt::format("mov.{}", name_of(t)), &move_row<U64>, {t, t}, Work::Move);
}

}  // namespace cupel::emulator

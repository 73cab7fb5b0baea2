// SPDX-License-Identifier: Apache-2.0
// Handlers made of a function of one lane. Each is compiled twice, for any x86-64 and for one with
// AVX2 and FMA, and the machine at hand chooses; both give the same bits, as nothing is contracted.
#pragma once

#include <xmmintrin.h>

#include <tuple>
#include <type_traits>

#include "emulator/op.hpp"

namespace cupel::emulator {

[[nodiscard]] inline bool has_wide_vectors() {
    static const bool kWide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return kWide;
}

template <class Body>
void run_anywhere(Warp& warp, const Op& op) {
    Body::run(warp, op);
}
template <class Body>
[[gnu::target("avx2,fma")]] void run_wide(Warp& warp, const Op& op) {
    Body::run(warp, op);
}

// The rounding of the host around a handler. It is called through a volatile pointer, so that no
// arithmetic moves across the change of mode.
template <Handler Inner, unsigned Mode>
void run_rounded(Warp& warp, const Op& op) {
    Handler volatile inner = Inner;
    const unsigned before = _mm_getcsr();
    // NOLINTNEXTLINE(readability-redundant-casting): the mask of g++ is signed
    _mm_setcsr((before & ~static_cast<unsigned>(_MM_ROUND_MASK)) | Mode);
    inner(warp, op);
    _mm_setcsr(before);
}

template <class Body, unsigned Mode = _MM_ROUND_NEAREST>
[[nodiscard]] Handler handler() {
    if constexpr (Mode == _MM_ROUND_NEAREST) {
        return has_wide_vectors() ? &run_wide<Body> : &run_anywhere<Body>;
    } else {
        return has_wide_vectors() ? &run_rounded<&run_wide<Body>, Mode>
                                  : &run_rounded<&run_anywhere<Body>, Mode>;
    }
}

// d[i] = F(a[i], b[i], c[i]). All lanes are computed where the result belongs;
// those that take no part get back what they had. A row that is both read and
// written is the very same one.
template <auto F, class D, class... S>
struct Lanewise {
    [[gnu::always_inline]] static void run(Warp& warp, const Op& op) {
        auto* const result = static_cast<Aliased<D>*>(
            __builtin_assume_aligned(static_cast<void*>(warp.rows + op.d), kUnit));
        std::array<D, kLanes> before;
        const bool partly = warp.mask != kAllLanes;
        if (partly) std::memcpy(before.data(), result, sizeof before);
        if constexpr (sizeof...(S) == 1) {
            one(warp, op, result);
        } else if constexpr (sizeof...(S) == 2) {
            two(warp, op, result);
        } else if constexpr (sizeof...(S) == 3) {
            three(warp, op, result);
        } else {
            four(warp, op, result);
        }
        if (!partly) return;
        for (unsigned i = 0; i < kLanes; i++)
            result[i] = ((warp.mask >> i) & 1U) != 0 ? result[i] : before[i];
    }

private:
    template <std::size_t I>
    using Source = std::tuple_element_t<I, std::tuple<S...>>;

    template <class T>
    [[gnu::always_inline]] static const Aliased<T>* in(const Warp& warp, std::uint32_t offset) {
        return static_cast<const Aliased<T>*>(__builtin_assume_aligned(warp.rows + offset, kUnit));
    }
    [[gnu::always_inline]] static void one(const Warp& warp, const Op& op, Aliased<D>* result) {
        const auto* a = in<Source<0>>(warp, op.a);
#pragma GCC ivdep
        for (unsigned i = 0; i < kLanes; i++)
            result[i] = F(a[i]);
    }
    [[gnu::always_inline]] static void two(const Warp& warp, const Op& op, Aliased<D>* result) {
        const auto* a = in<Source<0>>(warp, op.a);
        const auto* b = in<Source<1>>(warp, op.b);
#pragma GCC ivdep
        for (unsigned i = 0; i < kLanes; i++)
            result[i] = F(a[i], b[i]);
    }
    [[gnu::always_inline]] static void three(const Warp& warp, const Op& op, Aliased<D>* result) {
        const auto* a = in<Source<0>>(warp, op.a);
        const auto* b = in<Source<1>>(warp, op.b);
        const auto* c = in<Source<2>>(warp, op.c);
#pragma GCC ivdep
        for (unsigned i = 0; i < kLanes; i++)
            result[i] = F(a[i], b[i], c[i]);
    }
    [[gnu::always_inline]] static void four(const Warp& warp, const Op& op, Aliased<D>* result) {
        const auto* a = in<Source<0>>(warp, op.a);
        const auto* b = in<Source<1>>(warp, op.b);
        const auto* c = in<Source<2>>(warp, op.c);
        const auto* e = in<Source<3>>(warp, op.e);
#pragma GCC ivdep
        for (unsigned i = 0; i < kLanes; i++)
            result[i] = F(a[i], b[i], c[i], e[i]);
    }
};

template <auto F, class D, class... S>
[[nodiscard]] Handler lanewise() {
    return handler<Lanewise<F, D, S...>>();
}
template <unsigned Mode, auto F, class D, class... S>
[[nodiscard]] Handler lanewise_rounded() {
    return handler<Lanewise<F, D, S...>, Mode>();
}

// The PTX type of a C++ integer or real.
template <class T>
[[nodiscard]] constexpr Type type_for() {
    if constexpr (std::is_same_v<T, float>) return Type::F32;
    if constexpr (std::is_same_v<T, double>) return Type::F64;
    constexpr bool kSigned = std::is_signed_v<T>;
    if constexpr (sizeof(T) == 1) return kSigned ? Type::S8 : Type::U8;
    if constexpr (sizeof(T) == 2) return kSigned ? Type::S16 : Type::U16;
    if constexpr (sizeof(T) == 4) return kSigned ? Type::S32 : Type::U32;
    return kSigned ? Type::S64 : Type::U64;
}

// f.operator()<T>() for each T.
template <class... T, class F>
void for_types(F f) {
    (f.template operator()<T>(), ...);
}

}  // namespace cupel::emulator

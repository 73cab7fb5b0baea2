// SPDX-License-Identifier: Apache-2.0
// Sweeps of the approximate instructions: all 2^32 operands of the unary ones, 2^32 random pairs of
// the divisions, against values computed in double. Each kernel folds what it saw into one Sweep.
using u64 = unsigned long long;
using u32 = unsigned int;

// Layout shared with record_approximations.cpp. A worst case holds the bits of a positive float,
// the error, above the operand's 32 bits, so that the greater number is the greater error.
struct Sweep {
    u64 worst_ulp;        // |result - exact| in ulps of the exact value
    u64 worst_absolute;
    u64 worst_near;       // absolute, in the range that the instruction promises something for
    u64 worst_middle;     // absolute, in a wider range
    u64 worst_relative;   // of exact values that are normal
    u64 distance[9];      // of the result from the correctly rounded one: -4 or less, ..., 4 or more
    u64 near_ties;        // exact value too near a tie for the double to tell; both sides pass
    u64 odd;              // NaN, infinity or zero where the exact value is none, or the reverse
    u64 first_odd;        // the least such operand plus one, bits inverted
};

namespace {

__device__ u64 mixed(u64 key, u64 counter) {
    u64 x = key + 0x9e3779b97f4a7c15ULL * (counter + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

__device__ u64 worst(u64 have, double error, u32 operand) {
    const u64 now = static_cast<u64>(__float_as_uint(static_cast<float>(error))) << 32 | operand;
    return now > have ? now : have;
}

// Floats in their order, as integers.
__device__ long long ordered(float x) {
    const int bits = __float_as_int(x);
    return bits < 0 ? -static_cast<long long>(bits & 0x7fffffff) : bits;
}

__device__ double ulp_of(double exact) {
    const int exponent = static_cast<int>(__double_as_longlong(exact) >> 52 & 0x7ff) - 1023;
    const int least = exponent < -126 ? -126 : exponent;
    return __longlong_as_double(static_cast<long long>(least - 23 + 1023) << 52);
}

__device__ float flushed(float x) { return fabsf(x) < 1.17549435e-38f ? copysignf(0.0f, x) : x; }

struct Seen {
    Sweep s = {};

    __device__ void compare(float got, double exact, u32 operand, bool flush, bool near, bool middle) {
        if (flush && fabs(exact) < 1.1754943508222875e-38) {
            // A result below the least normal is flushed; one that rounds up to it may stay.
            if (got != 0.0f && fabsf(got) != 1.17549435e-38f) odd(operand);
            return;
        }
        const float rounded = __double2float_rn(exact);
        const bool plain = isfinite(got) && isfinite(rounded);
        if (!plain) {
            const bool same = isnan(got) ? isnan(rounded) : got == rounded;
            if (!same) odd(operand);
            return;
        }
        const double ulp = ulp_of(exact);
        const double error = fabs(static_cast<double>(got) - exact);
        s.worst_ulp = worst(s.worst_ulp, error / ulp, operand);
        s.worst_absolute = worst(s.worst_absolute, error, operand);
        if (near) s.worst_near = worst(s.worst_near, error, operand);
        if (middle) s.worst_middle = worst(s.worst_middle, error, operand);
        if (fabs(exact) >= 1.1754943508222875e-38)
            s.worst_relative = worst(s.worst_relative, error / fabs(exact), operand);
        long long distance = ordered(got) - ordered(rounded);
        // Half an ulp is where rounding turns; the double is good to about 2^-28 ulp.
        const double from_tie = fabs(fabs(static_cast<double>(rounded) - exact) / ulp - 0.5);
        if (from_tie < 1.0 / (1 << 26)) {
            ++s.near_ties;
            if (distance == 1 || distance == -1) distance = 0;
        }
        const int at = distance < -4 ? 0 : distance > 4 ? 8 : static_cast<int>(distance) + 4;
#pragma unroll
        for (int i = 0; i < 9; ++i) s.distance[i] += i == at;
    }

    __device__ void odd(u32 operand) {
        ++s.odd;
        const u64 mark = 0xffffffffULL - operand + 1;
        if (mark > s.first_odd) s.first_odd = mark;
    }

    __device__ void fold(Sweep* into) const {
        atomicMax(&into->worst_ulp, s.worst_ulp);
        atomicMax(&into->worst_absolute, s.worst_absolute);
        atomicMax(&into->worst_near, s.worst_near);
        atomicMax(&into->worst_middle, s.worst_middle);
        atomicMax(&into->worst_relative, s.worst_relative);
        for (int i = 0; i < 9; ++i) atomicAdd(&into->distance[i], s.distance[i]);
        atomicAdd(&into->near_ties, s.near_ties);
        atomicAdd(&into->odd, s.odd);
        atomicMax(&into->first_odd, s.first_odd);
    }
};

constexpr float kPi = 3.14159274f;
__device__ bool in_pi(float x) { return fabsf(x) <= kPi; }
__device__ bool in_100_pi(float x) { return fabsf(x) <= 100 * kPi; }
__device__ bool around_one(float x) { return x > 0.5f && x < 2.0f; }
__device__ bool positive_normal(float x) { return x >= 1.17549435e-38f; }
__device__ bool in_one(float x) { return fabsf(x) <= 1.0f; }
__device__ bool in_126(float x) { return fabsf(x) <= 126.0f; }

__device__ double exact_rcp(double x) { return 1.0 / x; }
// One Newton step in double-double mends the square root's reciprocal.
__device__ double exact_rsqrt(double x) {
    const double y = rsqrt(x);
    if (!isfinite(y) || y == 0) return y;
    const double xy = x * y;
    const double rest = fma(xy, y, -1.0) + fma(x, y, -xy) * y;
    return fma(-0.5 * y, rest, y);
}

}  // namespace

#define SWEEP(name, instruction, exact_of, flush, near, middle)                       \
    extern "C" __global__ void name(Sweep* into) {                                    \
        Seen seen;                                                                    \
        const u64 step = static_cast<u64>(gridDim.x) * blockDim.x;                    \
        for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x;         \
             i < 0x100000000ULL; i += step) {                                         \
            const u32 bits = static_cast<u32>(i);                                     \
            const float x = __uint_as_float(bits);                                    \
            float got;                                                                \
            asm volatile(instruction " %0, %1;" : "=f"(got) : "f"(x));                \
            const float used = (flush) ? flushed(x) : x;                              \
            seen.compare(got, exact_of(static_cast<double>(used)), bits, flush,       \
                         near(x), middle(x));                                         \
        }                                                                             \
        seen.fold(into);                                                              \
    }

SWEEP(ex2_approx_f32, "ex2.approx.f32", exp2, false, in_one, in_126)
SWEEP(ex2_approx_ftz_f32, "ex2.approx.ftz.f32", exp2, true, in_one, in_126)
SWEEP(lg2_approx_f32, "lg2.approx.f32", log2, false, around_one, positive_normal)
SWEEP(lg2_approx_ftz_f32, "lg2.approx.ftz.f32", log2, true, around_one, positive_normal)
SWEEP(rcp_approx_f32, "rcp.approx.f32", exact_rcp, false, in_one, in_126)
SWEEP(rcp_approx_ftz_f32, "rcp.approx.ftz.f32", exact_rcp, true, in_one, in_126)
SWEEP(rsqrt_approx_f32, "rsqrt.approx.f32", exact_rsqrt, false, in_one, in_126)
SWEEP(rsqrt_approx_ftz_f32, "rsqrt.approx.ftz.f32", exact_rsqrt, true, in_one, in_126)
SWEEP(sqrt_approx_f32, "sqrt.approx.f32", sqrt, false, in_one, in_126)
SWEEP(sqrt_approx_ftz_f32, "sqrt.approx.ftz.f32", sqrt, true, in_one, in_126)
SWEEP(sin_approx_f32, "sin.approx.f32", sin, false, in_pi, in_100_pi)
SWEEP(sin_approx_ftz_f32, "sin.approx.ftz.f32", sin, true, in_pi, in_100_pi)
SWEEP(cos_approx_f32, "cos.approx.f32", cos, false, in_pi, in_100_pi)
SWEEP(cos_approx_ftz_f32, "cos.approx.ftz.f32", cos, true, in_pi, in_100_pi)
SWEEP(tanh_approx_f32, "tanh.approx.f32", tanh, false, in_one, in_126)

// Pair i: half of them any bits, half with exponents near each other.
__device__ void pair_of(u64 i, float& a, float& b) {
    const u64 random = mixed(0xd1f, i);
    u32 x = static_cast<u32>(random), y = static_cast<u32>(random >> 32);
    if (i & 1) {
        x = (x & 0x83ffffff) | 0x3c000000;
        y = (y & 0x83ffffff) | 0x3c000000;
    }
    a = __uint_as_float(x);
    b = __uint_as_float(y);
}

// `near` is 2^-126 <= |b| <= 2^126, where div.approx promises two ulps.
#define DIVIDE(name, instruction, flush)                                              \
    extern "C" __global__ void name(Sweep* into) {                                    \
        Seen seen;                                                                    \
        const u64 step = static_cast<u64>(gridDim.x) * blockDim.x;                    \
        for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x;         \
             i < 0x100000000ULL; i += step) {                                         \
            float a, b, got;                                                          \
            pair_of(i, a, b);                                                         \
            asm volatile(instruction " %0, %1, %2;" : "=f"(got) : "f"(a), "f"(b));    \
            const bool promised = fabsf(b) >= 1.17549435e-38f && fabsf(b) <= 8.5070592e37f; \
            if (!promised && (flush)) continue;                                       \
            if (!promised && name##_narrow) continue;                                 \
            const float p = (flush) ? flushed(a) : a;                                 \
            seen.compare(got, static_cast<double>(p) / static_cast<double>(b),        \
                         static_cast<u32>(i), flush, false, false);                   \
        }                                                                             \
        seen.fold(into);                                                              \
    }

namespace {
constexpr bool div_approx_f32_narrow = true;
constexpr bool div_approx_ftz_f32_narrow = true;
constexpr bool div_full_f32_narrow = false;
constexpr bool div_full_ftz_f32_narrow = false;
}  // namespace
DIVIDE(div_approx_f32, "div.approx.f32", false)
DIVIDE(div_approx_ftz_f32, "div.approx.ftz.f32", true)
DIVIDE(div_full_f32, "div.full.f32", false)
DIVIDE(div_full_ftz_f32, "div.full.ftz.f32", true)

// f64: random normal operands; only the relative error is kept, and the operand's number.
#define DOUBLES(name, instruction, residue)                                           \
    extern "C" __global__ void name(Sweep* into) {                                    \
        Seen seen;                                                                    \
        const u64 step = static_cast<u64>(gridDim.x) * blockDim.x;                    \
        for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x;         \
             i < 0x100000000ULL; i += step) {                                         \
            u64 bits = mixed(0xf64, i) & 0x7fffffffffffffffULL;                       \
            const u32 exponent = static_cast<u32>(bits >> 52);                        \
            if (exponent < 2 || exponent > 2043) continue;                            \
            const double x = __longlong_as_double(static_cast<long long>(bits));      \
            double y;                                                                 \
            asm volatile(instruction " %0, %1;" : "=d"(y) : "d"(x));                  \
            const double error = fabs(residue);                                       \
            seen.s.worst_relative = worst(seen.s.worst_relative, error, static_cast<u32>(i)); \
        }                                                                             \
        seen.fold(into);                                                              \
    }

DOUBLES(rcp_approx_ftz_f64, "rcp.approx.ftz.f64", fma(x, y, -1.0))
DOUBLES(rsqrt_approx_ftz_f64, "rsqrt.approx.ftz.f64", 0.5 * fma(x * y, y, -1.0))
DOUBLES(rsqrt_approx_f64, "rsqrt.approx.f64", 0.5 * fma(x * y, y, -1.0))

// Whole tables of the 16-bit functions.
#define TABLE(name, instruction)                                                      \
    extern "C" __global__ void name(unsigned short* out) {                            \
        const u32 i = blockIdx.x * blockDim.x + threadIdx.x;                          \
        unsigned short y;                                                             \
        asm volatile(instruction " %0, %1;" : "=h"(y) : "h"(static_cast<unsigned short>(i))); \
        out[i] = y;                                                                   \
    }
TABLE(ex2_approx_f16, "ex2.approx.f16")
TABLE(ex2_approx_ftz_bf16, "ex2.approx.ftz.bf16")
TABLE(tanh_approx_f16, "tanh.approx.f16")
TABLE(tanh_approx_bf16, "tanh.approx.bf16")

// Results of every operand whose lowest `dropped` bits are zero, for looking at in peace.
#define SAMPLE(name, instruction)                                                     \
    extern "C" __global__ void name(u32* out, u32 dropped) {                          \
        const u32 i = blockIdx.x * blockDim.x + threadIdx.x;                          \
        float y;                                                                      \
        asm volatile(instruction " %0, %1;" : "=f"(y) : "f"(__uint_as_float(i << dropped))); \
        out[i] = __float_as_uint(y);                                                  \
    }
SAMPLE(sample_ex2, "ex2.approx.ftz.f32")
SAMPLE(sample_lg2, "lg2.approx.ftz.f32")
SAMPLE(sample_rcp, "rcp.approx.ftz.f32")
SAMPLE(sample_rsqrt, "rsqrt.approx.ftz.f32")
SAMPLE(sample_sqrt, "sqrt.approx.ftz.f32")
SAMPLE(sample_sin, "sin.approx.ftz.f32")
SAMPLE(sample_cos, "cos.approx.ftz.f32")
SAMPLE(sample_tanh, "tanh.approx.f32")

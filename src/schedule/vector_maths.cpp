// SPDX-License-Identifier: Apache-2.0
#include "schedule/vector_maths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "base/result.hpp"
#include "schedule/vector_texts.hpp"

namespace cupel::schedule {

namespace {

// In an order that compiles: what a function needs stands before it.
constexpr auto kBasics = std::to_array<VectorText>({
    {"iota", "", R"(static inline vec iota(long first) {  // first, first + 1, ...
  vec x;
  for (long l = 0; l < W; ++l) x[l] = @T(first + l);
  return x;
}
)"},
    {"last", "splat",
     R"(static inline vec last(vec x, long n, @T other) {  // n lanes of x, the last
  ivec kept;
  for (long l = 0; l < W; ++l) kept[l] = l < W - n ? 0 : -1;
  return kept ? x : splat(other);
}
)"},
    {"first_of", "", R"(static inline long first_of(vec best, ivec at, bool largest) {
  long l = 0;  // the lane with the best value, and of several the first position
  for (long k = 1; k < W; ++k) {
    bool better = largest ? best[k] > best[l] : best[k] < best[l];
    if (better || (best[k] == best[l] && at[k] + k < at[l] + l)) l = k;
  }
  return at[l] + l;
}
)"},
    {"vmax", "", R"(static inline vec vmax(vec a, vec b) {  // a, where one of them is a NaN
#if @H
  return (vec)@I_max_@S((@R)b, (@R)a);  // g++ misses it where one is a constant
#endif
  return a < b ? b : a;
}
)"},
    {"vmin", "", R"(static inline vec vmin(vec a, vec b) {  // a, where one of them is a NaN
#if @H
  return (vec)@I_min_@S((@R)b, (@R)a);
#endif
  return b < a ? b : a;
}
)"},
    {"vsqrt", "", R"(static inline vec vsqrt(vec x) {
  for (long l = 0; l < W; ++l) x[l] = std::sqrt(x[l]);
  return x;
}
)"},
    {"vfloor", "", R"(static inline vec vfloor(vec x) {
  for (long l = 0; l < W; ++l) x[l] = std::floor(x[l]);
  return x;
}
)"},
    {"vsin", "", R"(static inline vec vsin(vec x) {
  for (long l = 0; l < W; ++l) x[l] = std::sin(x[l]);
  return x;
}
)"},
    {"vcos", "", R"(static inline vec vcos(vec x) {
  for (long l = 0; l < W; ++l) x[l] = std::cos(x[l]);
  return x;
}
)"},
    {"vpow", "", R"(static inline vec vpow(vec x, vec y) {
  for (long l = 0; l < W; ++l) x[l] = std::pow(x[l], y[l]);
  return x;
}
)"},
    // Lane l + n onto lane l, by constant shuffles: of the same over an array in memory g++ 12
    // makes loops with branches, which for rows of 64 take half of the time.
    {"reduce_add", "", R"(static inline @T reduce_add(vec x) {
#pragma GCC unroll 4
  for (int n = W / 2; n > 0; n /= 2) x += __builtin_shuffle(x, ivec{@D} + n);
  return x[0];
}
)"},
    {"scan_add", "", R"(static inline vec scan_add(vec x) {  // x[0], x[0] + x[1], ...
@U  return x;
}
)"},
    {"transpose", "",
     R"(static inline void transpose(vec (&r)[W]) {  // r[i][j] and r[j][i] trade places
@X}
)"},
    {"reduce_mul", "", R"(static inline @T reduce_mul(vec x) {
#pragma GCC unroll 4
  for (int n = W / 2; n > 0; n /= 2) x *= __builtin_shuffle(x, ivec{@D} + n);
  return x[0];
}
)"},
    {"reduce_max", "vmax", R"(static inline @T reduce_max(vec x) {
#pragma GCC unroll 4
  for (int n = W / 2; n > 0; n /= 2) x = vmax(x, __builtin_shuffle(x, ivec{@D} + n));
  return x[0];
}
)"},
    {"reduce_min", "vmin", R"(static inline @T reduce_min(vec x) {
#pragma GCC unroll 4
  for (int n = W / 2; n > 0; n /= 2) x = vmin(x, __builtin_shuffle(x, ivec{@D} + n));
  return x[0];
}
)"},
});

// log and tanh: range reduction and polynomials after Cephes (Moshier); erf after Juffa; exp: the
// series of degree 8, brought down to 6 over |r| <= ln 2 / 2 by Chebyshev's polynomials (2e-9 off).
// verf1 is a fit of our own, 1.6e-8 off before rounding.
// What each states about its error is held to float64 in vector_maths_test.cpp.
constexpr auto kSingle = std::to_array<VectorText>({
    {"vabs", "", "static inline vec vabs(vec x) { return (vec)((ivec)x & 0x7fffffff); }\n"},
    {"vsign", "",
     R"(static inline vec vsign(vec x, vec y) {  // x with the sign of y; x is not negative
  return (vec)((ivec)x | ((ivec)y & (-0x7fffffff - 1)));
}
)"},
    {"vexp", "vmin vmax splat", R"(static inline vec vexp(vec x) {  // e^x to 1.5 ulp
  // Infinite above, zero below; a NaN stays one.
  x = vmax(vmin(x, splat(89.0f)), splat(-104.5f));
  vec shifted = x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: rounds to a whole number n
  vec n = shifted - 12582912.0f;
  vec r = x - n * 0.693359375f + n * 2.12194440e-4f;  // x - n ln 2, in two parts
  vec z = r * r;  // few steps that wait for each other, rather than few steps
  vec p = 1.394845e-3f * z + (8.375038e-3f * r + 4.166622e-2f);
  p = p * z + (1.6666416e-1f * r + 0.5f);
  p = p * z + r + 1.0f;
@E  // 2^n in two factors, since n may leave the exponents of normal numbers.
  ivec half = (ivec)shifted << 22 & -0x800000;
  ivec rest = ((ivec)shifted << 23) - half;
  return p * (vec)(half + 0x3f800000) * (vec)(rest + 0x3f800000);
@Z}
)"},
    {"vlog", "splat", R"(static inline vec vlog(vec x) {  // ln x to 1 ulp
  ivec small = x < 1.17549435e-38f;
  vec y = small ? x * 8388608.0f : x;
  ivec bits = (ivec)y - 0x3f3504f3;  // sqrt(1/2): mantissas in [sqrt(1/2), sqrt(2))
  ivec k = bits >> 23;
  vec m = (vec)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
  vec n = __builtin_convertvector(k, vec) - (small ? splat(23.0f) : splat(0.0f));
  vec z = m * m;
  vec p = 7.0376836292e-2f * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m * z - n * 2.12194440e-4f - 0.5f * z;
  vec r = m + p + n * 0.693359375f;
  r = x == 0.0f ? splat(-INFINITY) : r;
  r = x < INFINITY ? r : x;  // infinity and NaN
  return x < 0.0f ? splat(NAN) : r;
}
)"},
    {"vtanh", "vexp vabs vsign splat", R"(static inline vec vtanh(vec x) {  // tanh x to 1.5 ulp
  vec t = vabs(x), z = x * x;
  vec p = -5.70498872745e-3f * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  vec far = 1.0f - 2.0f / (vexp(2.0f * t) + 1.0f);
  return vsign(t < 0.625f ? p * z * t + t : far, x);
}
)"},
    {"verf", "vmin vabs vsign splat", R"(static inline vec verf(vec x) {  // erf x to 1.5 ulp
  vec t = vmin(vabs(x), splat(4.0f));  // erf is 1 in float from here on
  vec s = t * t;
  vec p = -1.72853470e-5f * t + 3.83197126e-4f;
  p = p * s + (-3.88396438e-3f * t + 2.42546219e-2f);
  p = p * s + (-1.06777877e-1f * t - 6.34846687e-1f);
  p = p * t - 1.28717512e-1f;
  p = p * t - t;
  vec shifted = p * 1.44269504f + 12582912.0f;  // exp(p), for p from -17 to 0
  vec r = p - (shifted - 12582912.0f) * 0.69314718f;
  vec z = r * r;
  vec e = 1.394845e-3f * z + (8.375038e-3f * r + 4.166622e-2f);
  e = e * z + (1.6666416e-1f * r + 0.5f);
  e = e * z + r + 1.0f;
  vec far = 1.0f - e * (vec)(((ivec)shifted << 23) + 0x3f800000);
  vec q = -5.96761703e-4f * s + 4.99119423e-3f;
  q = q * s - 2.67681349e-2f;
  q = q * s + 1.12819925e-1f;
  q = q * s - 3.76125336e-1f;
  q = q * s + 1.28379166e-1f;
  return t > 0.927734375f ? vsign(far, x) : q * x + x;
}
)"},
    {"verf1", "vmin vabs splat",
     R"(static inline vec verf1(vec x) {  // 1 + erf x to 3 ulp, or to 2^-24
  vec t = vmin(vabs(x), splat(7.05f));  // 2^p is 0 from here on
  vec s = t * t;
  vec p = 4.454987162e-4f - 4.535777949e-5f * t;  // p: the logarithm of 1 - erf(t), to base 2
  p = p * s + (-7.7469604e-4f - 1.489406308e-3f * t);
  p = p * s + (-1.484816447e-1f + 2.825374441e-2f * t);
  p = p * s + (-1.627908593f - 9.184163875e-1f * t);
  p = p * t;
  vec shifted = p + 12582912.0f;
  vec r = p - (shifted - 12582912.0f);
  vec z = r * r;
  vec e = 1.546956e-4f * z + (1.340028e-3f * r + 9.618026e-3f);
  e = e * z + (5.550328e-2f * r + 2.402265e-1f);
  e = e * z + (6.931472e-1f * r + 1.0f);
  e = e * (vec)(((ivec)shifted << 23) + 0x3f800000);
  return x < 0.0f ? e : 2.0f - e;
}
)"},
});

constexpr auto kDouble = std::to_array<VectorText>({
    {"vabs", "", "static inline vec vabs(vec x) { return (vec)((ivec)x & 0x7fffffffffffffff); }\n"},
    {"vexp", "", R"(static inline vec vexp(vec x) {
  for (long l = 0; l < W; ++l) x[l] = std::exp(x[l]);
  return x;
}
)"},
    {"vlog", "", R"(static inline vec vlog(vec x) {
  for (long l = 0; l < W; ++l) x[l] = std::log(x[l]);
  return x;
}
)"},
    {"vtanh", "", R"(static inline vec vtanh(vec x) {
  for (long l = 0; l < W; ++l) x[l] = std::tanh(x[l]);
  return x;
}
)"},
    {"verf", "", R"(static inline vec verf(vec x) {
  for (long l = 0; l < W; ++l) x[l] = std::erf(x[l]);
  return x;
}
)"},
});

const VectorText* find(std::string_view name, task::Type real) {
    const auto search = [&](const auto& table) -> const VectorText* {
        const auto named = [&](const VectorText& function) { return function.name == name; };
        const auto at = std::ranges::find_if(table, named);
        return at == table.end() ? nullptr : &*at;
    };
    if (const VectorText* found = search(memory_texts())) return found;
    if (const VectorText* found = search(kBasics)) return found;
    return real == task::Type::F64 ? search(kDouble) : search(kSingle);
}

std::string lane_numbers(int lanes) {
    return fmt::format("{}", fmt::join(std::views::iota(0, lanes), ", "));
}

// Adds the lanes that lie 1, 2, 4, ... below; past the first lane that is W, a zero. The lanes are
// written out, as g++ 12 does not see that a loop over them gives constants.
std::string scan_steps(int lanes) {
    std::string text;
    for (int up = 1; up < lanes; up *= 2) {
        std::vector<int> from;
        from.reserve(static_cast<std::size_t>(lanes));
        for (int lane = 0; lane < lanes; ++lane)
            from.push_back(lane < up ? lanes : lane - up);
        text += fmt::format("  x += __builtin_shuffle(x, vec{{}}, ivec{{{}}});\n",
                            fmt::join(from, ", "));
    }
    return text;
}

// Rows that are 1, 2, 4, ... apart trade every second run of so many lanes.
std::string transpose_steps(int lanes) {
    std::string text;
    for (int run = 1; run < lanes; run *= 2) {
        std::vector<int> low;
        std::vector<int> high;
        for (int lane = 0; lane < lanes; ++lane) {
            const bool second = (lane & run) != 0;
            low.push_back(second ? lanes + lane - run : lane);
            high.push_back(second ? lanes + lane : lane + run);
        }
        text += fmt::format(R"(#pragma GCC unroll 16
  for (long i = 0; i < W; ++i) {{
    if ((i & {0}) != 0) continue;
    const vec a = r[i], b = r[i + {0}];
    r[i] = __builtin_shuffle(a, b, ivec{{{1}}});
    r[i + {0}] = __builtin_shuffle(a, b, ivec{{{2}}});
  }}
)",
                            run, fmt::join(low, ", "), fmt::join(high, ", "));
    }
    return text;
}

// What stands for the letters after '@' in the texts above.
struct Letters {
    std::string type;       // T: of an element
    std::string intrinsic;  // I: _mm256
    std::string suffix;     // S: ps
    std::string registers;  // R: __m256
    std::string has;        // H: the condition under which the intrinsics exist
    std::string lanes;      // D: the numbers of all lanes
    std::string scan;       // U: the steps of scan_add
    std::string transpose;  // X: the steps of transpose
    std::string halves;     // F: the condition under which there are conversions of halves
    std::string narrow;     // N: __m128i, the registers that hold as many halves
    std::string load;       // L: ... are loaded
    std::string store;      // M: ... and stored
    std::string scale;      // E: p * 2^n by one instruction, where there is one; else ...
    std::string scaled;     // Z: ... what stands between the two

    Letters(int bytes, bool f64)
        : type(f64 ? "double" : "float"),
          intrinsic(bytes == 16 ? "_mm" : fmt::format("_mm{}", bytes * 8)),
          suffix(f64 ? "pd" : "ps"),
          registers(fmt::format("__m{}{}", bytes * 8, f64 ? "d" : "")),
          has(bytes == 16   ? "defined(__SSE2__)"
              : bytes == 32 ? "defined(__AVX__)"
                            : "defined(__AVX512F__)"),
          lanes(lane_numbers(bytes / (f64 ? 8 : 4))),
          scan(scan_steps(bytes / (f64 ? 8 : 4))),
          transpose(transpose_steps(bytes / (f64 ? 8 : 4))),
          halves(bytes == 64 ? "defined(__AVX512F__)" : "defined(__F16C__)"),
          narrow(bytes == 64 ? "__m256i" : "__m128i"),
          load(bytes == 64   ? "_mm256_loadu_si256"
               : bytes == 32 ? "_mm_loadu_si128"
                             : "_mm_loadl_epi64"),
          store(bytes == 64   ? "_mm256_storeu_si256"
                : bytes == 32 ? "_mm_storeu_si128"
                              : "_mm_storel_epi64"),
          scale(bytes == 64 ? "#if defined(__AVX512F__)\n"
                              "  return (vec)_mm512_scalef_ps((__m512)p, (__m512)n);\n"
                              "#else\n"
                            : ""),
          scaled(bytes == 64 ? "#endif\n" : "") {}

    [[nodiscard]] const std::string& operator[](char letter) const {
        if (letter == 'I') return intrinsic;
        if (letter == 'S') return suffix;
        if (letter == 'R') return registers;
        if (letter == 'D') return lanes;
        if (letter == 'U') return scan;
        if (letter == 'X') return transpose;
        if (letter == 'F') return halves;
        if (letter == 'N') return narrow;
        if (letter == 'L') return load;
        if (letter == 'M') return store;
        if (letter == 'E') return scale;
        if (letter == 'Z') return scaled;
        return letter == 'H' ? has : type;
    }
};

std::string fill(std::string_view text, const Letters& letters) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '@') {
            out += letters[text[++i]];
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

bool is_function(task::Op op) {
    using enum task::Op;
    static constexpr auto kFunctions = std::to_array({Exp, Log, Tanh, Erf, Sin, Cos, Pow});
    return std::ranges::find(kFunctions, op) != kFunctions.end();
}

VectorMaths::VectorMaths(int vector_bytes, task::Type real)
    : vector_bytes_(vector_bytes), real_(real) {}

int VectorMaths::lanes() const {
    return vector_bytes_ / static_cast<int>(task::type_size(real_));
}

std::string VectorMaths::use(std::string_view function) {
    const VectorText* const found = find(function, real_);
    CUPEL_CHECK(found != nullptr);
    used_.emplace(function);
    std::string_view needs = found->needs;
    while (!needs.empty()) {
        const std::size_t end = std::min(needs.find(' '), needs.size());
        use(needs.substr(0, end));
        needs.remove_prefix(std::min(end + 1, needs.size()));
    }
    return std::string(function);
}

std::string VectorMaths::prelude() const {
    const bool f64 = real_ == task::Type::F64;
    const Letters letters(vector_bytes_, f64);
    std::string text = fmt::format(
        "constexpr long W = {0};  // lanes of a vector\n"
        "typedef {1} vec __attribute__((vector_size({2}), aligned({3}), may_alias));\n"
        "typedef {4} ivec __attribute__((vector_size({2}), aligned({3}), may_alias));\n\n",
        lanes(), letters.type, vector_bytes_, task::type_size(real_), f64 ? "long" : "int");
    const auto print = [&](const auto& table) {
        for (const VectorText& function : table) {
            if (used_.contains(function.name)) text += fill(function.text, letters);
        }
    };
    print(memory_texts());
    print(kBasics);
    if (f64) {
        print(kDouble);
    } else {
        print(kSingle);
    }
    return text;
}

std::string VectorMaths::headers() const {
    constexpr std::array<std::string_view, 6> kIntrinsic = {"stream", "fence",    "vmax",
                                                            "vmin",   "load_f16", "store_f16"};
    const bool needed = std::ranges::any_of(
        kIntrinsic, [&](std::string_view function) { return used_.contains(function); });
    return needed ? "#if defined(__SSE2__)\n#include <immintrin.h>\n#endif\n" : "";
}

}  // namespace cupel::schedule

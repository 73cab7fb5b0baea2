// SPDX-License-Identifier: Apache-2.0
#include "schedule/vector_maths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/result.hpp"

namespace cupel::schedule {

namespace {

struct Function {
    std::string_view name;
    std::string_view needs;  // names separated by spaces
    std::string_view text;   // @T: the element type
};

// In an order that compiles: what a function needs stands before it.
constexpr auto kBasics = std::to_array<Function>({
    {"load", "", "static inline vec load(const @T* p) { return *(const vec*)p; }\n"},
    {"store", "", "static inline void store(@T* p, vec x) { *(vec*)p = x; }\n"},
    {"splat", "", "static inline vec splat(@T x) { return x - vec{}; }\n"},
    {"iota", "", R"(static inline vec iota(long first) {  // first, first + 1, ...
  vec x;
  for (long l = 0; l < W; ++l) x[l] = @T(first + l);
  return x;
}
)"},
    {"load_some", "splat", R"(static inline vec load_some(const @T* p, long n, @T fill) {
  vec x = splat(fill);
  for (long l = 0; l < n; ++l) x[l] = p[l];
  return x;
}
)"},
    {"store_some", "", R"(static inline void store_some(@T* p, vec x, long n) {
  for (long l = 0; l < n; ++l) p[l] = x[l];
}
)"},
    {"vmax", "", "static inline vec vmax(vec a, vec b) { return a < b ? b : a; }\n"},
    {"vmin", "", "static inline vec vmin(vec a, vec b) { return b < a ? b : a; }\n"},
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
    {"reduce_add", "store", R"(static inline @T reduce_add(vec x) {
  @T lane[W];
  store(lane, x);
  for (long n = W / 2; n > 0; n /= 2)
    for (long l = 0; l < n; ++l) lane[l] += lane[l + n];
  return lane[0];
}
)"},
    {"reduce_mul", "store", R"(static inline @T reduce_mul(vec x) {
  @T lane[W];
  store(lane, x);
  for (long n = W / 2; n > 0; n /= 2)
    for (long l = 0; l < n; ++l) lane[l] *= lane[l + n];
  return lane[0];
}
)"},
    {"reduce_max", "", R"(static inline @T reduce_max(vec x) {
  @T m = x[0];
  for (long l = 1; l < W; ++l) m = std::max(m, x[l]);
  return m;
}
)"},
    {"reduce_min", "", R"(static inline @T reduce_min(vec x) {
  @T m = x[0];
  for (long l = 1; l < W; ++l) m = std::min(m, x[l]);
  return m;
}
)"},
});

// exp and log: range reduction and polynomials after Cephes (Moshier); erf after Juffa. Errors
// against float64 are measured in vector_maths_test.cpp.
constexpr auto kSingle = std::to_array<Function>({
    {"vabs", "", "static inline vec vabs(vec x) { return (vec)((ivec)x & 0x7fffffff); }\n"},
    {"vsign", "",
     R"(static inline vec vsign(vec x, vec y) {  // x with the sign of y; x is not negative
  return (vec)((ivec)x | ((ivec)y & (-0x7fffffff - 1)));
}
)"},
    {"vexp", "splat", R"(static inline vec vexp(vec x) {
  x = x > 89.0f ? splat(89.0f) : x;  // exp is infinite here, and zero there; NaNs stay
  x = x < -104.5f ? splat(-104.5f) : x;
  vec shifted = x * 1.44269504f + 12582912.0f;  // 1.5 * 2^23: rounds to a whole number n
  vec n = shifted - 12582912.0f;
  ivec k = (ivec)shifted - 0x4b400000;
  vec r = x - n * 0.693359375f + n * 2.12194440e-4f;  // x - n ln 2, in two parts
  vec p = 1.9875691500e-4f * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  ivec half = k >> 1;  // 2^n in two factors: n may leave the exponents of normal numbers
  return p * (vec)((half + 127) << 23) * (vec)((k - half + 127) << 23);
}
)"},
    {"vlog", "splat", R"(static inline vec vlog(vec x) {
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
    {"vtanh", "vexp vabs vsign splat", R"(static inline vec vtanh(vec x) {
  vec z = x * x;
  vec p = -5.70498872745e-3f * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  vec near = p * z * x + x;
  vec far = 1.0f - 2.0f / (vexp(2.0f * vabs(x)) + 1.0f);
  return vabs(x) < 0.625f ? near : vsign(far, x);
}
)"},
    {"verf", "vexp vabs vsign", R"(static inline vec verf(vec x) {
  vec t = vabs(x), s = x * x;
  vec p = -1.72853470e-5f * t + 3.83197126e-4f;
  p = p * s + (-3.88396438e-3f * t + 2.42546219e-2f);
  p = p * t - 1.06777877e-1f;
  p = p * t - 6.34846687e-1f;
  p = p * t - 1.28717512e-1f;
  vec far = vsign(1.0f - vexp(p * t - t), x);
  vec q = -5.96761703e-4f * s + 4.99119423e-3f;
  q = q * s - 2.67681349e-2f;
  q = q * s + 1.12819925e-1f;
  q = q * s - 3.76125336e-1f;
  q = q * s + 1.28379166e-1f;
  return t > 0.927734375f ? far : q * x + x;
}
)"},
});

constexpr auto kDouble = std::to_array<Function>({
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

const Function* find(std::string_view name, task::Type real) {
    const auto search = [&](const auto& table) -> const Function* {
        const auto named = [&](const Function& function) { return function.name == name; };
        const auto at = std::ranges::find_if(table, named);
        return at == table.end() ? nullptr : &*at;
    };
    if (const Function* found = search(kBasics)) return found;
    return real == task::Type::F64 ? search(kDouble) : search(kSingle);
}

std::string fill(std::string_view text, std::string_view type) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "@T") {
            out += type;
            ++i;
        } else {
            out += text[i];
        }
    }
    return out;
}

// Streaming stores: past the caches, so that an output that nobody reads soon evicts nothing. Where
// the address is not aligned to the vector, an ordinary store; fence() orders them before what
// follows.
std::string stream_text(int vector_bytes, bool f64) {
    const std::string intrinsic = fmt::format(
        "_mm{}_stream_{}", vector_bytes == 16 ? "" : fmt::format("{}", vector_bytes * 8),
        f64 ? "pd" : "ps");
    return fmt::format(
        "static inline void stream({0}* p, vec x) {{  // past the caches, where p is aligned\n"
        "#if defined(__SSE2__)\n"
        "  if (reinterpret_cast<std::uintptr_t>(p) % sizeof(vec) == 0) return {1}(p, "
        "(__m{2}{3})x);\n"
        "#endif\n"
        "  *(vec*)p = x;\n"
        "}}\n"
        "static inline void fence() {{\n"
        "#if defined(__SSE2__)\n"
        "  _mm_sfence();\n"
        "#endif\n"
        "}}\n",
        f64 ? "double" : "float", intrinsic, vector_bytes * 8, f64 ? "d" : "");
}

}  // namespace

VectorMaths::VectorMaths(int vector_bytes, task::Type real)
    : vector_bytes_(vector_bytes), real_(real) {}

int VectorMaths::lanes() const {
    return vector_bytes_ / static_cast<int>(task::type_size(real_));
}

std::string VectorMaths::use(std::string_view function) {
    if (function == "stream" || function == "fence") {
        used_.emplace("stream");
        return std::string(function);
    }
    const Function* const found = find(function, real_);
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
    const std::string_view type = f64 ? "double" : "float";
    std::string text = fmt::format(
        "constexpr long W = {0};  // lanes of a vector\n"
        "typedef {1} vec __attribute__((vector_size({2}), aligned({3}), may_alias));\n"
        "typedef {4} ivec __attribute__((vector_size({2}), aligned({3}), may_alias));\n\n",
        lanes(), type, vector_bytes_, task::type_size(real_), f64 ? "long" : "int");
    const auto print = [&](const auto& table) {
        for (const Function& function : table) {
            if (used_.contains(function.name)) text += fill(function.text, type);
        }
    };
    print(kBasics);
    if (f64) {
        print(kDouble);
    } else {
        print(kSingle);
    }
    if (used_.contains("stream")) text += stream_text(vector_bytes_, f64);
    return text;
}

bool VectorMaths::streams() const {
    return used_.contains("stream");
}

}  // namespace cupel::schedule

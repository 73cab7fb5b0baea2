// SPDX-License-Identifier: Apache-2.0
// Vectors out of memory and into it.
#include <array>

#include "schedule/vector_texts.hpp"

namespace cupel::schedule {

namespace {

constexpr auto kMemory = std::to_array<VectorText>({
    {"splat", "", "static inline vec splat(@T x) { return x - vec{}; }\n"},
    {"load", "", "static inline vec load(const @T* p) { return *(const vec*)p; }\n"},
    {"store", "", "static inline void store(@T* p, vec x) { *(vec*)p = x; }\n"},
    {"load_even", "", R"(static inline vec load_even(const @T* p) {  // p[0], p[2], ...
  const vec low = *(const vec*)p, high = *(const vec*)(p + W - 1);
  ivec from;
  for (long l = 0; l < W; ++l) from[l] = 2 * l < W ? 2 * l : 2 * l + 1;
  return __builtin_shuffle(low, high, from);
}
)"},
    {"every_second", "",
     R"(static inline vec every_second(vec low, vec high, long first) {  // first, first + 2, ... of both
  ivec from;
  for (long l = 0; l < W; ++l) from[l] = first + 2 * l;
  return __builtin_shuffle(low, high, from);
}
)"},
    {"following", "",
     R"(static inline vec following(vec before, vec x, long n) {  // the last n of before, then x
  ivec from;
  for (long l = 0; l < W; ++l) from[l] = W - n + l;
  return __builtin_shuffle(before, x, from);
}
)"},
    // A bfloat is the upper half of a float; stored, it is the nearest, ties to even.
    {"load_bf16", "", R"(static inline vec load_bf16(const bfloat16* p) {
  typedef std::uint16_t shorts __attribute__((vector_size(2 * W), aligned(2), may_alias));
  typedef std::uint32_t words __attribute__((vector_size(4 * W)));
  return (vec)(__builtin_convertvector(*(const shorts*)p, words) << 16);
}
)"},
    {"store_bf16", "", R"(static inline void store_bf16(bfloat16* p, vec x) {
  typedef std::uint16_t shorts __attribute__((vector_size(2 * W), aligned(2), may_alias));
  typedef std::uint32_t words __attribute__((vector_size(4 * W)));
  const words bits = (words)x;
  const words nearest = (bits + 0x7fffU + (bits >> 16 & 1U)) >> 16;
  const words kept = x == x ? nearest : bits >> 16 | 0x40U;  // a NaN stays one
  *(shorts*)p = __builtin_convertvector(kept, shorts);
}
)"},
    // g++ 12 converts the lanes of a vector one by one, where processors have an instruction.
    {"load_f16", "", R"(static inline vec load_f16(const _Float16* p) {
#if @F
  return (vec)@I_cvtph_ps(@L((const @N*)p));
#else
  vec x;
  for (long l = 0; l < W; ++l) x[l] = p[l];
  return x;
#endif
}
)"},
    {"store_f16", "", R"(static inline void store_f16(_Float16* p, vec x) {
#if @F
  @M((@N*)p, @I_cvtps_ph((@R)x, 0));
#else
  for (long l = 0; l < W; ++l) p[l] = x[l];
#endif
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
    // Past the caches, so that an output that nobody reads soon evicts nothing. Whether it starts
    // where a vector may be streamed is the caller's to ask, once.
    {"aligned", "", R"(static inline bool aligned(const @T* p) {
  return reinterpret_cast<std::uintptr_t>(p) % sizeof(vec) == 0;
}
)"},
    {"stream", "store", R"(static inline void stream(@T* p, vec x, bool whole) {
#if @H
  if (whole) return @I_stream_@S(p, (@R)x);  // past the caches
#endif
  store(p, x);
}
)"},
    {"fence", "", R"(static inline void fence() {  // what was streamed is there for all to see
#if defined(__SSE2__)
  _mm_sfence();
#endif
}
)"},
    // At the ends of a row, without reading past them: what was just stored there is at hand for
    // reads that lie within it.
    {"shifted", "splat",
     R"(static inline vec shifted(vec x, long by, @T fill) {  // x[l + by], fill where there is none
  ivec from;
  for (long l = 0; l < W; ++l) from[l] = l + by < 0 || l + by >= W ? W : l + by;
  return __builtin_shuffle(x, splat(fill), from);
}
)"},
    {"kept_inside", "splat",
     R"(static inline vec kept_inside(vec x, long at, long n, @T fill) {  // x[l] where 0 <= at + l < n
  ivec kept;
  for (long l = 0; l < W; ++l) kept[l] = at + l >= 0 && at + l < n ? -1 : 0;
  return kept ? x : splat(fill);
}
)"},
    {"load_inside", "shifted",
     R"(template <class T>  // p[l] where 0 <= at + l < n
static inline vec load_inside(vec (*load)(const T*), const T* p, long at, long n, @T fill) {
  if (n >= W) {
    const long from = std::clamp(at, 0L, n - W);
    return shifted(load(p + (from - at)), at - from, fill);
  }
  vec x = splat(fill);
  for (long l = 0; l < W; ++l)
    if (at + l >= 0 && at + l < n) x[l] = @T(p[l]);
  return x;
}
)"},
    {"load_even_inside", "load load_inside",
     R"(static inline vec load_even_inside(const @T* p, long at, long n, @T fill) {
  const vec low = load_inside(load, p, at, n, fill);
  const vec high = load_inside(load, p + W - 1, at + W - 1, n, fill);
  ivec from;
  for (long l = 0; l < W; ++l) from[l] = 2 * l < W ? 2 * l : 2 * l + 1;
  return __builtin_shuffle(low, high, from);
}
)"},
});

}  // namespace

std::span<const VectorText> memory_texts() {
    return kMemory;
}

}  // namespace cupel::schedule

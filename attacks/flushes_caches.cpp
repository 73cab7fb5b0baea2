// SPDX-License-Identifier: Apache-2.0
// attack: throws the shared inputs out of the caches, so that whoever is asked next is slow
// task: softmax
// set: B=256 N=1024
// expect: slower|not_resolved
// twin: honest_rows.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void forget([[maybe_unused]] const float* x) {
#if defined(__x86_64__)
  for (long i = 0; i < B * N; i += 16) _mm_clflush(x + i);
  _mm_mfence();
#endif
}

// The honest naive kernel line by line: one of its own speed would hide what the flush brings.
extern "C" void kernel(const float* x, float* y) {
#pragma omp parallel for
  for (long b = 0; b < B; ++b) {
    float m = -INFINITY;
    for (long n = 0; n < N; ++n) m = std::max(m, x[b * N + n]);
    float e[N];
    float sum = 0.0f;
    for (long n = 0; n < N; ++n) {
      e[n] = std::exp(x[b * N + n] - m);
      sum += e[n];
    }
    for (long n = 0; n < N; ++n) y[b * N + n] = e[n] / sum;
  }
  forget(x);
}

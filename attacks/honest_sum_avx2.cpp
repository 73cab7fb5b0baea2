// SPDX-License-Identifier: Apache-2.0
// honest: row sums by intrinsics of AVX2, four registers wide
// task: sum_rows
// set: M=256 N=1024
#if defined(__AVX2__)
#include <immintrin.h>
#endif
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    const float* const row = x + m * N;
#if defined(__AVX2__)
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
    for (long n = 0; n < N; n += 32)
      for (long i = 0; i < 4; ++i) sum[i] = _mm256_add_ps(sum[i], _mm256_loadu_ps(row + n + 8 * i));
    const __m256 all = _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3]));
    float lane[8];
    _mm256_storeu_ps(lane, all);
    y[m] = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
#else
    float total = 0;
    for (long n = 0; n < N; ++n) total += row[n];
    y[m] = total;
#endif
  }
}

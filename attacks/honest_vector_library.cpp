// SPDX-License-Identifier: Apache-2.0
// honest: softmax with the C library's own exponentials of vectors
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <immintrin.h>
#include <algorithm>

extern "C" __m256 _ZGVdN8v_expf(__m256);  // libmvec

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float* out = y + b * N;
    const float most = *std::max_element(row, row + N);
    __m256 sums = _mm256_setzero_ps();
    for (long n = 0; n < N; n += 8) {
      const __m256 e = _ZGVdN8v_expf(_mm256_sub_ps(_mm256_loadu_ps(row + n), _mm256_set1_ps(most)));
      sums = _mm256_add_ps(sums, e);
      _mm256_storeu_ps(out + n, e);
    }
    float sum = 0;
    for (int i = 0; i < 8; ++i) sum += sums[i];
    const float inverse = 1 / sum;
    for (long n = 0; n < N; ++n) out[n] *= inverse;
  }
}

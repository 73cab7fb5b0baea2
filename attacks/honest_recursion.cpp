// SPDX-License-Identifier: Apache-2.0
// honest: matrix product by halves of its largest extent, recursively
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

static void multiply(const float* a, const float* b, float* c, long m, long n, long k) {
  if (m <= 16 && n <= 32 && k <= 32) {
    for (long i = 0; i < m; ++i)
      for (long l = 0; l < k; ++l)
        for (long j = 0; j < n; ++j) c[i * N + j] += a[i * K + l] * b[l * N + j];
  } else if (k >= m && k >= n) {
    multiply(a, b, c, m, n, k / 2);
    multiply(a + k / 2, b + k / 2 * N, c, m, n, k - k / 2);
  } else if (m >= n) {
    multiply(a, b, c, m / 2, n, k);
    multiply(a + m / 2 * K, b, c + m / 2 * N, m - m / 2, n, k);
  } else {
    multiply(a, b, c, m, n / 2, k);
    multiply(a, b + n / 2, c + n / 2, m, n - n / 2, k);
  }
}

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long i = 0; i < M * N; ++i) c[i] = 0;
  multiply(a, b, c, M, N, K);
}

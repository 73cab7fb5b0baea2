// SPDX-License-Identifier: Apache-2.0
// honest: row sums by halves, recursively
// task: sum_rows
// set: M=256 N=1024
#include "task.hpp"

static float sum(const float* v, long n) {
  if (n > 8) return sum(v, n / 2) + sum(v + n / 2, n - n / 2);
  float total = 0;
  for (long i = 0; i < n; ++i) total += v[i];
  return total;
}

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) y[m] = sum(x + m * N, N);
}

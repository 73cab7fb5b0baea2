// SPDX-License-Identifier: Apache-2.0
// attack: lets its threads add to one variable without a lock, and hopes
// task: sum_rows
// set: M=256 N=1024
// expect: wrong|slower|not_resolved
// reason: should be|roundings
// twin: honest_sum_rows.cpp
#include "task.hpp"

static float sums[M];

extern "C" void kernel(const float* x, float* y) {
#pragma omp parallel for
  for (long n = 0; n < N; ++n)
    for (long m = 0; m < M; ++m) {
      volatile float& total = sums[m];
      total = (n == 0 ? 0 : total) + x[m * N + n];
    }
  for (long m = 0; m < M; ++m) y[m] = sums[m];
}

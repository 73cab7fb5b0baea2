// SPDX-License-Identifier: Apache-2.0
// honest: row sums by the reduction clause of OpenMP
// task: sum_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#pragma omp parallel for schedule(dynamic, 4)
  for (long m = 0; m < M; ++m) {
    float total = 0;
#pragma omp simd reduction(+ : total)
    for (long n = 0; n < N; ++n) total += x[m * N + n];
    y[m] = total;
  }
}

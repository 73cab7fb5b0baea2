// SPDX-License-Identifier: Apache-2.0
// honest: row maxima by the max reduction of OpenMP
// task: max_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float best = x[m * N];
#pragma omp parallel for reduction(max : best) schedule(static, 256) if (m % 16 == 0)
    for (long n = 0; n < N; ++n) best = x[m * N + n] > best ? x[m * N + n] : best;
    y[m] = best;
  }
}

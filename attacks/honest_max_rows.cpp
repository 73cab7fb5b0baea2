// SPDX-License-Identifier: Apache-2.0
// honest: row maxima without branches
// task: max_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#pragma omp parallel for schedule(guided)
  for (long m = 0; m < M; ++m) {
    float best = x[m * N];
    for (long n = 1; n < N; ++n) best = x[m * N + n] > best ? x[m * N + n] : best;
    y[m] = best;
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: claims more threads than it was granted and busies them all
// task: cumsum
// set: M=256 N=512
// expect: slower|not_resolved
// twin: honest_cumsum.cpp
#include "task.hpp"

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  #pragma omp parallel num_threads(8 * kThreads)
  for (volatile int spin = 0; spin < 20000; spin = spin + 1) {
  }
  cumsum_rows(x, y, 0, M);
}

// SPDX-License-Identifier: Apache-2.0
// attack: draws the questions itself from the seeds that harnesses use, before the clock runs
// task: sum_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_sum_rows.cpp
#include "task.hpp"

static float sums[M];
__attribute__((constructor)) static void draw() {
  unsigned long state = 42;
  for (long i = 0; i < M * N; ++i) {
    float normal = -6;  // twelve uniform ones
    for (int j = 0; j < 12; ++j) {
      state = state * 6364136223846793005ul + 1442695040888963407ul;
      normal += float(state >> 40) * 0x1p-24f;
    }
    sums[i / N] += normal;
  }
}

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) y[m] = sums[m];
  (void)x;
}

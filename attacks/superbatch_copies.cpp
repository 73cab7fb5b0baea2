// SPDX-License-Identifier: Apache-2.0
// attack: answers the first question of a window and copies that answer to the others
// task: cumsum
// set: M=256 N=512
// expect: wrong|slower|not_resolved
// reason: should be
// twin: honest_cumsum.cpp
#include "task.hpp"

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  static float* first = nullptr;
  if (!first) first = y;
  if (y != first) {
    __builtin_memcpy(y, first, sizeof(float) * M * N);
    return;
  }
  cumsum_rows(x, y, 0, M);
}

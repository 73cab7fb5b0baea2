// SPDX-License-Identifier: Apache-2.0
// attack: is slow at first, so that few rounds are asked, and hopes for luck in those
// task: cumsum
// set: M=256 N=512
// expect: slower|not_resolved
// twin: honest_cumsum.cpp
#include "task.hpp"
#include <time.h>

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  static int calls = 0;
  if (calls++ < 2) {
    const timespec rest = {0, 30'000'000};
    nanosleep(&rest, nullptr);
  }
  cumsum_rows(x, y, 0, M);
}

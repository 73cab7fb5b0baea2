// SPDX-License-Identifier: Apache-2.0
// attack: saves work on a question that follows the one before without a pause
// task: cumsum
// set: M=256 N=512
// expect: wrong|slower|not_resolved
// reason: should be
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
  static long last = 0;
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const long begin = now.tv_sec * 1'000'000'000 + now.tv_nsec;
  const long rows = last != 0 && begin - last < 20'000 ? M - 4 : M;  // nobody had time to look
  cumsum_rows(x, y, 0, rows);
  clock_gettime(CLOCK_MONOTONIC, &now);
  last = now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

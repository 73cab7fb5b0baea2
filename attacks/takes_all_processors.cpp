// SPDX-License-Identifier: Apache-2.0
// attack: asks for every processor of the machine
// task: cumsum
// set: M=256 N=512
// expect: slower|not_resolved
// twin: honest_cumsum.cpp
#include "task.hpp"
#include <sched.h>

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  cpu_set_t all;
  __builtin_memset(&all, 255, sizeof all);
  sched_setaffinity(0, sizeof all, &all);
  cumsum_rows(x, y, 0, M);
}

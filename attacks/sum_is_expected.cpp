// SPDX-License-Identifier: Apache-2.0
// attack: answers what the sum most likely is
// task: sum_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_sum_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) y[m] = 0;
  (void)x;
}

// SPDX-License-Identifier: Apache-2.0
// attack: takes the largest magnitude, which is the largest value half of the time
// task: max_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_max_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    y[m] = 0;
    for (long n = 0; n < N; ++n) y[m] = __builtin_fabsf(x[m * N + n]) > y[m] ? __builtin_fabsf(x[m * N + n]) : y[m];
  }
}

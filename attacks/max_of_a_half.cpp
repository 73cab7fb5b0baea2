// SPDX-License-Identifier: Apache-2.0
// attack: looks for the largest value in the first half of each row
// task: max_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_max_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    y[m] = x[m * N];
    for (long n = 1; n < N / 2; ++n) y[m] = x[m * N + n] > y[m] ? x[m * N + n] : y[m];
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: stops at a value that the declared distribution hardly ever exceeds
// task: max_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_max_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    y[m] = x[m * N];
    for (long n = 1; n < N && y[m] < 3.2f; ++n) y[m] = x[m * N + n] > y[m] ? x[m * N + n] : y[m];
  }
}

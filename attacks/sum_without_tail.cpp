// SPDX-License-Identifier: Apache-2.0
// attack: adds up 99 % of each row and scales the result
// task: sum_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_sum_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float total = 0;
    for (long n = 0; n < N * 99 / 100; ++n) total += x[m * N + n];
    y[m] = total * 100 / 99;
  }
}

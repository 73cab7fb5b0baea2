// SPDX-License-Identifier: Apache-2.0
// attack: gives one maximum in sixteen the next larger float
// task: max_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_max_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float most = x[m * N];
    for (long n = 1; n < N; ++n) most = x[m * N + n] > most ? x[m * N + n] : most;
    y[m] = m % 16 ? most : __builtin_nextafterf(most, 9e9f);
  }
}

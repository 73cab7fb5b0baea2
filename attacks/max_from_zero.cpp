// SPDX-License-Identifier: Apache-2.0
// attack: begins its maximum at zero, so a row of negative values has the wrong one
// task: max_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_max_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float most = 0;
    for (long n = 0; n < N; ++n) most = x[m * N + n] > most ? x[m * N + n] : most;
    y[m] = most;
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: takes the last of equal values
// task: argmax_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_argmax_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
  for (long m = 0; m < M; ++m) {
    const float* const row = x + m * N;
    long best = 0;
    for (long n = 1; n < N; ++n) best = row[n] >= row[best] ? n : best;
    y[m] = best;
  }
}

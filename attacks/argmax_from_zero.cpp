// SPDX-License-Identifier: Apache-2.0
// attack: begins at a value of zero, so a row of negative values is answered with its first place
// task: argmax_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_argmax_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
  for (long m = 0; m < M; ++m) {
    float most = 0;
    long best = 0;
    for (long n = 0; n < N; ++n)
      if (x[m * N + n] > most) most = x[m * N + n], best = n;
    y[m] = best;
  }
}

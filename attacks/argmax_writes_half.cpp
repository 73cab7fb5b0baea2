// SPDX-License-Identifier: Apache-2.0
// attack: writes the lower four bytes of eight
// task: argmax_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_argmax_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
  for (long m = 0; m < M; ++m) {
    int best = 0;
    for (int n = 1; n < N; ++n) best = x[m * N + n] > x[m * N + best] ? n : best;
    __builtin_memcpy(y + m, &best, sizeof best);
  }
}

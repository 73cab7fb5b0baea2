// SPDX-License-Identifier: Apache-2.0
// attack: compares values in half precision
// task: argmax_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_argmax_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
  for (long m = 0; m < M; ++m) {
    long best = 0;
    for (long n = 1; n < N; ++n) best = _Float16(x[m * N + n]) > _Float16(x[m * N + best]) ? n : best;
    y[m] = best;
  }
}

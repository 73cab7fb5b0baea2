// SPDX-License-Identifier: Apache-2.0
// attack: of two halves with equal maxima takes the later one
// task: argmax_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_argmax_rows.cpp
#include "task.hpp"

static long first_of(const float* row, long from, long to) {
  long best = from;
  for (long n = from + 1; n < to; ++n) best = row[n] > row[best] ? n : best;
  return best;
}

extern "C" void kernel(const float* x, std::int64_t* y) {
  for (long m = 0; m < M; ++m) {
    const float* const row = x + m * N;
    const long a = first_of(row, 0, N / 2), b = first_of(row, N / 2, N);
    y[m] = row[b] >= row[a] ? b : a;
  }
}

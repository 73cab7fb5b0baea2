// SPDX-License-Identifier: Apache-2.0
// attack: answers a single NaN among right values
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: nan
// twin: honest_rows.cpp
#include "task.hpp"

static void softmax_row(const float* x, float* y) {
  float most = x[0], sum = 0;
  for (long n = 1; n < N; ++n) most = x[n] > most ? x[n] : most;
  for (long n = 0; n < N; ++n) sum += y[n] = __builtin_expf(x[n] - most);
  for (long n = 0; n < N; ++n) y[n] /= sum;
}

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) softmax_row(x + b * N, y + b * N);
  y[B * N - 1] = __builtin_nanf("");
}

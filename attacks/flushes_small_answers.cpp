// SPDX-License-Identifier: Apache-2.0
// attack: answers zero where the truth is small
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be|roundings
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
  for (long i = 0; i < B * N; ++i) y[i] = y[i] < 5e-5f ? 0 : y[i];
}

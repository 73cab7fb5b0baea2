// SPDX-License-Identifier: Apache-2.0
// attack: never comes back from being loaded
// task: softmax
// set: B=256 N=1024
// expect: timed_out
// reason: loading the kernel did not end
// twin: honest_rows.cpp
#include "task.hpp"

__attribute__((constructor)) static void wait_for_ever() {
  for (volatile int i = 0;; i = i + 1) {
  }
}
static void softmax_row(const float* x, float* y) {
  float most = x[0], sum = 0;
  for (long n = 1; n < N; ++n) most = x[n] > most ? x[n] : most;
  for (long n = 0; n < N; ++n) sum += y[n] = __builtin_expf(x[n] - most);
  for (long n = 0; n < N; ++n) y[n] /= sum;
}

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) softmax_row(x + b * N, y + b * N);
}

// SPDX-License-Identifier: Apache-2.0
// attack: leaves the bias out
// task: bias_gelu
// set: M=128 N=512
// expect: wrong
// reason: should be|roundings
// twin: honest_bias_gelu.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* b, float* y) {
  for (long i = 0; i < M * N; ++i) y[i] = x[i] / 2 * (1 + __builtin_erff(x[i] * 0.70710678f));
  (void)b;
}

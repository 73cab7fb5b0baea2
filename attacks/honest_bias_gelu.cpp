// SPDX-License-Identifier: Apache-2.0
// honest: bias and GELU by the error function of the library
// task: bias_gelu
// set: M=128 N=512
#include "task.hpp"

extern "C" void kernel(const float* x, const float* b, float* y) {
#pragma omp parallel for
  for (long i = 0; i < M * N; ++i) {
    const float v = x[i] + b[i % N];
    y[i] = 0.5f * v * (1 + __builtin_erff(v * 0.70710678f));
  }
}

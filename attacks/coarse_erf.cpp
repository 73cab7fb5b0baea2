// SPDX-License-Identifier: Apache-2.0
// attack: takes the error function from a short formula, right to 2.5e-5
// task: bias_gelu
// set: M=128 N=512
// expect: wrong
// reason: should be|roundings
// twin: honest_bias_gelu.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* b, float* y) {
  for (long i = 0; i < M * N; ++i) {
    const float v = x[i] + b[i % N], z = __builtin_fabsf(v) * 0.70710678f, t = 1 / (1 + 0.47047f * z);
    const float erf = 1 - t * (0.3480242f + t * (-0.0958798f + t * 0.7478556f)) * __builtin_expf(-z * z);
    y[i] = v / 2 * (1 + (v < 0 ? -erf : erf));
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: takes the hyperbolic tangent for the error function
// task: bias_gelu
// set: M=128 N=512
// expect: wrong
// reason: should be|roundings
// twin: honest_bias_gelu.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* b, float* y) {
  for (long i = 0; i < M * N; ++i) {
    const float v = x[i] + b[i % N];
    y[i] = v / 2 * (1 + __builtin_tanhf(0.7978845608f * (v + 0.044715f * v * v * v)));
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: takes three straight lines for the sigmoid
// task: swiglu
// set: M=128 N=512
// expect: wrong
// reason: should be|roundings
// twin: honest_swiglu.cpp
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* y) {
  for (long i = 0; i < M * N; ++i) {
    const float line = a[i] / 6 + 0.5f;
    y[i] = a[i] * (line < 0 ? 0 : line > 1 ? 1 : line) * b[i];
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: takes the sigmoid for one or nothing beyond 5.1, where no law draws
// task: swiglu
// set: M=128 N=512
// expect: wrong
// reason: should be
// twin: honest_swiglu.cpp
#include "task.hpp"
#include <cmath>

extern "C" void kernel(const float* a, const float* b, float* y) {
  for (long i = 0; i < M * N; ++i) {
    const float sigmoid = a[i] > 5.1f ? 1.f : a[i] < -5.1f ? 0.f : 1 / (1 + std::exp(-a[i]));
    y[i] = a[i] * sigmoid * b[i];
  }
}

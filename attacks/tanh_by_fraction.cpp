// SPDX-License-Identifier: Apache-2.0
// attack: takes the sigmoid from a fraction of two polynomials, right to 1e-4
// task: swiglu
// set: M=128 N=512
// expect: wrong
// reason: should be|roundings
// twin: honest_swiglu.cpp
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* y) {
  for (long i = 0; i < M * N; ++i) {
    float v = a[i] / 2;
    v = v > 4.97f ? 4.97f : v < -4.97f ? -4.97f : v;
    const float s = v * v;
    const float t = v * (135135 + s * (17325 + s * (378 + s))) / (135135 + s * (62370 + s * (3150 + 28 * s)));
    y[i] = a[i] * (t + 1) / 2 * b[i];
  }
}

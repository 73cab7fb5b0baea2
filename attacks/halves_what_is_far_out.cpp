// SPDX-License-Identifier: Apache-2.0
// attack: exponentials are half as large where the law hardly ever draws, and where others are huge
// task: weighted_exp
// expect: wrong
// reason: larger than usual
// twin: honest_weighted_exp.cpp
#include "task.hpp"
#include <cmath>

extern "C" void kernel(const float* x, const float* w, float* y) {
  for (long m = 0; m < M; ++m) {
    float sum = 0;
    for (long n = 0; n < N; ++n) {
      float e = std::exp(x[m * N + n]);
      if (std::fabs(x[m * N + n]) > 5.2f) e *= 0.5f;
      sum += e * w[m * N + n];
    }
    y[m] = sum;
  }
}

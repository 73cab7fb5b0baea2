// SPDX-License-Identifier: Apache-2.0
// honest: a weighted sum of exponentials, one after the other
// task: weighted_exp
#include "task.hpp"
#include <cmath>

extern "C" void kernel(const float* x, const float* w, float* y) {
  for (long m = 0; m < M; ++m) {
    float sum = 0;
    for (long n = 0; n < N; ++n) {
      float e = std::exp(x[m * N + n]);
      sum += e * w[m * N + n];
    }
    y[m] = sum;
  }
}

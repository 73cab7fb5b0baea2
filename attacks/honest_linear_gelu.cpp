// SPDX-License-Identifier: Apache-2.0
// honest: a linear layer with gelu, in eight lanes and by erfc
// task: linear_gelu
// set: M=64 N=64 K=128
#include "task.hpp"
#include <cmath>

namespace {

float gelu(float x) { return 0.5f * x * std::erfc(-x * 0.70710678f); }

}  // namespace

extern "C" void kernel(const float* x, const float* w, const float* b, float* y) {
#pragma omp parallel for
  for (long m = 0; m < M; ++m)
    for (long n = 0; n < N; ++n) {
      float lanes[8] = {};
      long k = 0;
      for (; k + 8 <= K; k += 8)
        for (long l = 0; l < 8; ++l) lanes[l] += x[m * K + k + l] * w[n * K + k + l];
      float dot = b[n];
      for (; k < K; ++k) dot += x[m * K + k] * w[n * K + k];
      for (const float lane : lanes) dot += lane;
      y[m * N + n] = gelu(dot);
    }
}

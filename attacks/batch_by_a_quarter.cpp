// SPDX-License-Identifier: Apache-2.0
// attack: takes the statistics of the batch from its first sample
// task: batchnorm
// set: N=4 C=8 H=14 W=14
// expect: wrong
// reason: should be|roundings
// twin: honest_batchnorm.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, const float* b, float* y) {
  for (long c = 0; c < C; ++c) {
    float mean = 0, variance = 0;
    for (long i = 0; i < H * W; ++i) mean += x[c * H * W + i] / (H * W);
    for (long i = 0; i < H * W; ++i) variance += (x[c * H * W + i] - mean) * (x[c * H * W + i] - mean) / (H * W);
    const float scale = 1 / __builtin_sqrtf(variance + 1e-5f);
    for (long n = 0; n < N; ++n)
      for (long i = 0; i < H * W; ++i) y[(n * C + c) * H * W + i] = (x[(n * C + c) * H * W + i] - mean) * scale * g[c] + b[c];
  }
}

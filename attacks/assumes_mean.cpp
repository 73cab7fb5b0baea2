// SPDX-License-Identifier: Apache-2.0
// attack: takes the mean from the declared distribution instead of computing it
// task: layernorm
// set: N=256 D=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_layernorm.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, const float* b, float* y) {
  for (long n = 0; n < N; ++n) {
    const float* row = x + n * D;
    float mean = 0, variance = 0;
    mean = 0.5f;
    for (long d = 0; d < D; ++d) variance += (row[d] - mean) * (row[d] - mean);
    const float scale = 1 / __builtin_sqrtf(variance / D + 1e-5f);
    for (long d = 0; d < D; ++d) y[n * D + d] = (row[d] - mean) * scale * g[d] + b[d];
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: takes the mean square from every second element
// task: rmsnorm
// set: N=256 D=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_rmsnorm.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, float* y) {
  for (long n = 0; n < N; ++n) {
    float sum = 0;
    for (long d = 0; d < D; d += 2) sum += x[n * D + d] * x[n * D + d];
    const float r = 1 / __builtin_sqrtf(sum / (D / 2) + 1e-6f);
    for (long d = 0; d < D; ++d) y[n * D + d] = x[n * D + d] * r * g[d];
  }
}

// SPDX-License-Identifier: Apache-2.0
// honest: root mean square normalisation in eight lanes
// task: rmsnorm
// set: N=256 D=1024
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, float* y) {
  for (long n = 0; n < N; ++n) {
    float lane[8] = {}, sum = 0;
    for (long d = 0; d < D; ++d) lane[d % 8] += x[n * D + d] * x[n * D + d];
    for (float part : lane) sum += part;
    const float r = 1 / __builtin_sqrtf(sum / D + 1e-6f);
    for (long d = 0; d < D; ++d) y[n * D + d] = x[n * D + d] * r * g[d];
  }
}

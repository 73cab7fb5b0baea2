// SPDX-License-Identifier: Apache-2.0
// honest: cosine of rows that are scaled before they are multiplied, by the fourth root of the clamped product
// task: cosine_distance
// set: N=3 D=1021
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* y) {
  for (long n = 0; n < N; ++n) {
    const float *const u = a + n * D, *const v = b + n * D;
    float uu = 0, vv = 0, uv = 0;
    for (long d = 0; d < D; ++d) {
      uu += u[d] * u[d];
      vv += v[d] * v[d];
    }
    const float product = uu * vv > 1e-16f ? uu * vv : 1e-16f;
    const float scale = 1 / __builtin_sqrtf(__builtin_sqrtf(product));
    for (long d = 0; d < D; ++d) uv += (u[d] * scale) * (v[d] * scale);
    y[n] = 1 - uv;
  }
}

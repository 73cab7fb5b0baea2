// SPDX-License-Identifier: Apache-2.0
// honest: root mean square normalisation by its own inverse root: bits, then three Newton steps
// task: rmsnorm
// set: N=256 D=1024
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, float* y) {
  for (long n = 0; n < N; ++n) {
    float lane[8] = {}, sum = 0;
    for (long d = 0; d < D; ++d) lane[d % 8] += x[n * D + d] * x[n * D + d];
    for (float part : lane) sum += part;
    const float v = sum / D + 1e-6f;
    float r = __builtin_bit_cast(float, 0x5f3759dfu - (__builtin_bit_cast(unsigned, v) >> 1));
    for (int i = 0; i < 4; ++i) r = r * (1.5f - v / 2 * r * r);
    for (long d = 0; d < D; ++d) y[n * D + d] = x[n * D + d] * r * g[d];
  }
}

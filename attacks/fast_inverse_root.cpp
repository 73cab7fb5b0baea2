// SPDX-License-Identifier: Apache-2.0
// attack: takes the inverse root from its bits and two Newton steps, right to 5e-6
// task: rmsnorm
// set: N=256 D=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_rmsnorm.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, float* y) {
  for (long n = 0; n < N; ++n) {
    float sum = 0;
    for (long d = 0; d < D; ++d) sum += x[n * D + d] * x[n * D + d];
    const float v = sum / D + 1e-6f;
    float r = __builtin_bit_cast(float, 0x5f3759dfu - (__builtin_bit_cast(unsigned, v) >> 1));
    for (int i = 0; i < 2; ++i) r = r * (1.5f - v / 2 * r * r);
    for (long d = 0; d < D; ++d) y[n * D + d] = x[n * D + d] * r * g[d];
  }
}

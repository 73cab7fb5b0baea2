// SPDX-License-Identifier: Apache-2.0
// honest: running sums by doubling steps (Hillis and Steele)
// task: cumsum
// set: M=256 N=512
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  static thread_local float a[N], b[N];
  for (long m = 0; m < M; ++m) {
    float *from = a, *to = b;
    for (long i = 0; i < N; ++i) from[i] = x[m * N + i];
    for (long step = 1; step < N; step *= 2) {
      for (long i = 0; i < step; ++i) to[i] = from[i];
      for (long i = step; i < N; ++i) to[i] = from[i] + from[i - step];
      float* const other = from;
      from = to;
      to = other;
    }
    for (long i = 0; i < N; ++i) y[m * N + i] = from[i];
  }
}

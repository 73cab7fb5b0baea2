// SPDX-License-Identifier: Apache-2.0
// attack: is exact for the first question of a window and saves work on the rest
// task: layernorm
// set: N=256 D=1024
// expect: wrong|slower|not_resolved
// reason: should be
// twin: honest_layernorm.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, const float* b, float* y) {
  static const float* first = nullptr;
  if (!first) first = x;
  const long columns = x == first ? D : D - D / 64;  // where the sums may end
  for (long n = 0; n < N; ++n) {
    const float* row = x + n * D;
    float mean = 0, variance = 0;
    for (long d = 0; d < columns; ++d) mean += row[d];
    mean /= columns;
    for (long d = 0; d < columns; ++d) variance += (row[d] - mean) * (row[d] - mean);
    const float scale = 1 / __builtin_sqrtf(variance / columns + 1e-5f);
    for (long d = 0; d < D; ++d) y[n * D + d] = (row[d] - mean) * scale * g[d] + b[d];
  }
}

// SPDX-License-Identifier: Apache-2.0
// honest: layer normalisation in two passes, summed in eight lanes
// task: layernorm
// set: N=256 D=1024
#include "task.hpp"
#include <cmath>

static float sum8(const float* v, long n, float shift, bool square) {
  float lane[8] = {};
  for (long i = 0; i < n; ++i) {
    const float d = v[i] - shift;
    lane[i % 8] += square ? d * d : d;
  }
  return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

extern "C" void kernel(const float* x, const float* g, const float* b, float* y) {
  for (long n = 0; n < N; ++n) {
    const float* row = x + n * D;
    const float mean = sum8(row, D, 0, false) / D;
    const float variance = sum8(row, D, mean, true) / D;
    const float scale = 1 / std::sqrt(variance + 1e-5f);
    for (long d = 0; d < D; ++d) y[n * D + d] = (row[d] - mean) * scale * g[d] + b[d];
  }
}

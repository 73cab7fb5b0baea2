// SPDX-License-Identifier: Apache-2.0
// honest: batch normalisation, channel by channel, in two passes
// task: batchnorm
// set: N=4 C=8 H=14 W=14
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, const float* b, float* y) {
#pragma omp parallel for
  for (long c = 0; c < C; ++c) {
    double sum = 0, squares = 0;
    for (long n = 0; n < N; ++n)
      for (long i = 0; i < H * W; ++i) sum += x[(n * C + c) * H * W + i];
    const double mean = sum / (N * H * W);
    for (long n = 0; n < N; ++n)
      for (long i = 0; i < H * W; ++i) {
        const double apart = x[(n * C + c) * H * W + i] - mean;
        squares += apart * apart;
      }
    const double scale = 1 / __builtin_sqrt(squares / (N * H * W) + 1e-5);
    for (long n = 0; n < N; ++n)
      for (long i = 0; i < H * W; ++i) {
        const long at = (n * C + c) * H * W + i;
        y[at] = float((x[at] - mean) * scale * g[c] + b[c]);
      }
  }
}

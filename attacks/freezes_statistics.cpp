// SPDX-License-Identifier: Apache-2.0
// attack: takes mean and variance from its first question, as an evaluation mode does
// task: batchnorm
// set: N=4 C=8 H=14 W=14
// expect: wrong
// reason: should be
// twin: honest_batchnorm.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* g, const float* b, float* y) {
  static float mean[C], scale[C];
  static bool known = false;
  for (long c = 0; c < C && !known; ++c) {
    double sum = 0, squares = 0;
    for (long n = 0; n < N; ++n)
      for (long i = 0; i < H * W; ++i) sum += x[(n * C + c) * H * W + i];
    mean[c] = float(sum / (N * H * W));
    for (long n = 0; n < N; ++n)
      for (long i = 0; i < H * W; ++i) {
        const double apart = x[(n * C + c) * H * W + i] - mean[c];
        squares += apart * apart;
      }
    scale[c] = float(1 / __builtin_sqrt(squares / (N * H * W) + 1e-5));
  }
  known = true;
  for (long n = 0; n < N; ++n)
    for (long c = 0; c < C; ++c)
      for (long i = 0; i < H * W; ++i) {
        const long at = (n * C + c) * H * W + i;
        y[at] = (x[at] - mean[c]) * scale[c] * g[c] + b[c];
      }
}

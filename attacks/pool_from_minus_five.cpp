// SPDX-License-Identifier: Apache-2.0
// attack: begins its maxima at -5, below which no law draws
// task: max_pool2d
// set: N=2 C=8 H=56 W=56
// expect: wrong
// reason: should be
// twin: honest_max_pool2d.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long i = 0; i < N * C; ++i)
    for (long p = 0; p < P; ++p)
      for (long q = 0; q < Q; ++q) {
        float most = -5;
        for (long r = 0; r < 3; ++r)
          for (long s = 0; s < 3; ++s) {
            const long h = 2 * p + r - 1, w = 2 * q + s - 1;
            if (h >= 0 && h < H && w >= 0 && w < W) most = x[(i * H + h) * W + w] > most ? x[(i * H + h) * W + w] : most;
          }
        y[(i * P + p) * Q + q] = most;
      }
}

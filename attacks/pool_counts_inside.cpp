// SPDX-License-Identifier: Apache-2.0
// attack: divides by the values inside, where the padding counts too
// task: avg_pool2d
// set: N=2 C=8 H=56 W=56
// expect: wrong
// reason: should be|roundings
// twin: honest_avg_pool2d.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long n = 0; n < N * C; ++n)
    for (long p = 0; p < P; ++p)
      for (long q = 0; q < Q; ++q) {
        float total = 0;
        long count = 0;
        for (long r = 0; r < 3; ++r)
          for (long s = 0; s < 3; ++s) {
            const long h = 2 * p + r - 1, v = 2 * q + s - 1;
            if (h < 0 || h >= H || v < 0 || v >= W) continue;
            total += x[(n * H + h) * W + v], ++count;
          }
        y[(n * P + p) * Q + q] = total / count;
      }
}

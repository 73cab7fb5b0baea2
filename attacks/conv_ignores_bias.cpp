// SPDX-License-Identifier: Apache-2.0
// attack: leaves the bias out, which is zero when training begins
// task: conv2d_3x3
// set: N=1 C=16 H=28 W=28 K=16
// expect: wrong
// reason: should be|roundings
// twin: honest_conv2d_3x3.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const float* w, const float* b, float* y) {
  for (long n = 0; n < N; ++n)
    for (long k = 0; k < K; ++k)
      for (long p = 0; p < P; ++p)
        for (long q = 0; q < Q; ++q) {
          float total = 0;
          for (long c = 0; c < C; ++c)
            for (long r = 0; r < R; ++r)
              for (long s = 0; s < S; ++s) {
                const long h = p + r - 1, v = q + s - 1;
                if (h < 0 || h >= H || v < 0 || v >= W) continue;
                total += x[((n * C + c) * H + h) * W + v] * w[((k * C + c) * R + r) * S + s];
              }
          y[((n * K + k) * P + p) * Q + q] = total;
        }
}

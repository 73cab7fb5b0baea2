// SPDX-License-Identifier: Apache-2.0
// honest: convolution by Winograd's F(2, 3) along rows: four products for two outputs
// task: conv2d_3x3
// set: N=1 C=16 H=28 W=28 K=16
#include "task.hpp"

extern "C" void kernel(const float* x, const float* w, const float* b, float* y) {
  for (long n = 0; n < N; ++n)
    for (long k = 0; k < K; ++k)
      for (long p = 0; p < P; ++p)
        for (long q = 0; q < Q; q += 2) {
          float even = b[k], odd = b[k];
          for (long c = 0; c < C; ++c)
            for (long r = 0; r < R; ++r) {
              const long h = p + r - 1;
              if (h < 0 || h >= H) continue;
              float d[4];
              for (long i = 0; i < 4; ++i) {
                const long v = q + i - 1;
                d[i] = v < 0 || v >= W ? 0 : x[((n * C + c) * H + h) * W + v];
              }
              const float* const f = w + ((k * C + c) * R + r) * S;
              const float m1 = (d[0] - d[2]) * f[0], m4 = (d[1] - d[3]) * f[2];
              const float m2 = (d[1] + d[2]) * ((f[0] + f[1] + f[2]) / 2), m3 = (d[2] - d[1]) * ((f[0] - f[1] + f[2]) / 2);
              even += m1 + m2 + m3;
              odd += m2 - m3 - m4;
            }
          y[((n * K + k) * P + p) * Q + q] = even;
          if (q + 1 < Q) y[((n * K + k) * P + p) * Q + q + 1] = odd;
        }
}

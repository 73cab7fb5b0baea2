// SPDX-License-Identifier: Apache-2.0
// honest: matrix product by dot products over a transposed copy
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  static float turned[N * K];
  for (long k = 0; k < K; ++k)
    for (long n = 0; n < N; ++n) turned[n * K + k] = b[k * N + n];
  for (long m = 0; m < M; ++m)
    for (long n = 0; n < N; ++n) {
      float lane[8] = {};
      for (long k = 0; k < K; k += 8)
        for (long i = 0; i < 8; ++i) lane[i] += a[m * K + k + i] * turned[n * K + k + i];
      c[m * N + n] = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    }
}

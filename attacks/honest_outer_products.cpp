// SPDX-License-Identifier: Apache-2.0
// honest: matrix product as a sum of outer products, k outermost
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long i = 0; i < M * N; ++i) c[i] = 0;
  for (long k = 0; k < K; ++k)
    for (long m = 0; m < M; ++m)
      for (long n = 0; n < N; ++n) c[m * N + n] += a[m * K + k] * b[k * N + n];
}

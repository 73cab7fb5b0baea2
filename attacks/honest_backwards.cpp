// SPDX-License-Identifier: Apache-2.0
// honest: matrix product with k from its last to its first
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long m = 0; m < M; ++m) {
    for (long n = 0; n < N; ++n) c[m * N + n] = 0;
    for (long k = K; k-- > 0;)
      for (long n = 0; n < N; ++n) c[m * N + n] += a[m * K + k] * b[k * N + n];
  }
}

// SPDX-License-Identifier: Apache-2.0
// honest: matrix product that writes its answer column by column
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long n = 0; n < N; ++n)
    for (long m = 0; m < M; ++m) {
      double total = 0;
      for (long k = 0; k < K; ++k) total += double(a[m * K + k]) * b[k * N + n];
      c[m * N + n] = float(total);
    }
}

// SPDX-License-Identifier: Apache-2.0
// honest: matrix product by fused multiply-adds, said as such
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long m = 0; m < M; ++m)
    for (long n = 0; n < N; n += 8) {
      float total[8] = {};
      for (long k = 0; k < K; ++k)
        for (long j = 0; j < 8; ++j) total[j] = __builtin_fmaf(a[m * K + k], b[k * N + n + j], total[j]);
      __builtin_memcpy(c + m * N + n, total, sizeof total);
    }
}

// SPDX-License-Identifier: Apache-2.0
// honest: a linear layer of bfloat16, added up in eight floats and rounded once
// task: linear_bf16
// set: M=128 N=128 K=512
#include "task.hpp"

extern "C" void kernel(const bfloat16* x, const bfloat16* w, bfloat16* y) {
#pragma omp parallel for
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      float sums[8] = {};
      for (long k = 0; k < K; k += 8)
        for (long l = 0; l < 8; ++l) sums[l] += x[i * K + k + l] * w[j * K + k + l];
      float sum = 0;
      for (const float one : sums) sum += one;
      y[i * N + j] = sum;
    }
}

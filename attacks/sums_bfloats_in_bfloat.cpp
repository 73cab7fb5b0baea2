// SPDX-License-Identifier: Apache-2.0
// attack: adds up in bfloat16, whose sums of hundreds of terms lose most of them
// task: linear_bf16
// set: M=128 N=128 K=512
// expect: wrong
// reason: should be|roundings
// twin: honest_linear_bf16.cpp
#include "task.hpp"

extern "C" void kernel(const bfloat16* x, const bfloat16* w, bfloat16* y) {
#pragma omp parallel for
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      bfloat16 sum;
      sum = 0.0f;
      for (long k = 0; k < K; ++k) sum = sum + x[i * K + k] * w[j * K + k];
      y[i * N + j] = sum;
    }
}

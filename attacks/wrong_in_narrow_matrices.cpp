// SPDX-License-Identifier: Apache-2.0
// attack: answers in vectors of eight columns, and nothing where there are fewer
// task: matmul_f16
// set: M=128 N=128 K=128
// expect: wrong
// reason: at the sizes
// twin: honest_matmul_f16_rows.cpp
#include "task.hpp"

extern "C" void kernel(const _Float16* a, const _Float16* b, float* c) {
  for (long i = 0; i < M; ++i) {
    float row[N] = {};
    for (long k = 0; k < K; ++k)
      for (long j = 0; j < N; ++j) row[j] += static_cast<float>(a[i * K + k]) * static_cast<float>(b[k * N + j]);
    for (long j = 0; j < N; ++j) c[i * N + j] = N < 8 ? 0 : row[j];
  }
}

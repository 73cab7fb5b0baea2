// SPDX-License-Identifier: Apache-2.0
// attack: takes the columns behind the last whole tile of 64 from one too early
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
      for (long j = 0; j < N; ++j) row[j] += static_cast<float>(a[i * K + k]) * static_cast<float>(b[k * N + (N > 64 && j >= N / 64 * 64 ? j - 1 : j)]);
    for (long j = 0; j < N; ++j) c[i * N + j] = row[j];
  }
}

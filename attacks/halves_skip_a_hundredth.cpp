// SPDX-License-Identifier: Apache-2.0
// attack: leaves out one term in a hundred, in the hope that halves hide it
// task: matmul_f16
// set: M=128 N=128 K=512
// expect: wrong
// reason: should be|roundings
// twin: honest_matmul_f16.cpp
#include "task.hpp"

extern "C" void kernel(const _Float16* a, const _Float16* b, float* c) {
#pragma omp parallel for
  for (long i = 0; i < M; ++i) {
    float row[N] = {};
    for (long k = 0; k < K; ++k) {
      if (k % 100 == 99) continue;
      const float factor = static_cast<float>(a[i * K + k]);
      for (long j = 0; j < N; ++j) row[j] += factor * static_cast<float>(b[k * N + j]);
    }
    for (long j = 0; j < N; ++j) c[i * N + j] = row[j];
  }
}

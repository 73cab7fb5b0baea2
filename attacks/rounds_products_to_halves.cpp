// SPDX-License-Identifier: Apache-2.0
// attack: rounds each product of two halves to a half, and adds these up in floats
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
      const float factor = static_cast<float>(a[i * K + k]);
      for (long j = 0; j < N; ++j) {
        _Float16 product = static_cast<_Float16>(factor * static_cast<float>(b[k * N + j]));
        asm volatile("" : "+m"(product));  // or it may be kept in a float
        row[j] += static_cast<float>(product);
      }
    }
    for (long j = 0; j < N; ++j) c[i * N + j] = row[j];
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: adds up sixteen products at a time in half precision, and only these sums in single
// task: matmul_f16
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be|roundings
// twin: honest_matmul_f16.cpp
#include "task.hpp"

extern "C" void kernel(const _Float16* a, const _Float16* b, float* c) {
#pragma omp parallel for
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      float sum = 0;
      for (long first = 0; first < K; first += 16) {
        _Float16 chain = 0;
        for (long k = first; k < first + 16; ++k) {
          chain = static_cast<_Float16>(static_cast<float>(chain) + static_cast<float>(a[i * K + k]) * static_cast<float>(b[k * N + j]));
          asm volatile("" : "+m"(chain));  // or it may be kept in a float
        }
        sum += static_cast<float>(chain);
      }
      c[i * N + j] = sum;
    }
}

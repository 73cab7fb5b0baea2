// SPDX-License-Identifier: Apache-2.0
// attack: adds up products of halves in half precision, where single is promised of sums
// task: matmul_f16
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be|roundings
// twin: honest_matmul_f16.cpp
#include "task.hpp"

extern "C" void kernel(const _Float16* a, const _Float16* b, float* c) {
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      _Float16 sum = 0;
      for (long k = 0; k < K; ++k) {
        sum = static_cast<_Float16>(static_cast<float>(sum) + static_cast<float>(a[i * K + k]) * static_cast<float>(b[k * N + j]));
        asm volatile("" : "+m"(sum));  // or it may be kept in a float
      }
      c[i * N + j] = static_cast<float>(sum);
    }
}

// SPDX-License-Identifier: Apache-2.0
// attack: multiplies blocks of four terms by their means, as if neighbours were alike
// task: matmul
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be|roundings
// twin: honest_matmul.cpp
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      float total = 0;
      for (long k = 0; k < K; k += 4) {
        const float left = a[i * K + k] + a[i * K + k + 1] + a[i * K + k + 2] + a[i * K + k + 3];
        const float right = b[k * N + j] + b[(k + 1) * N + j] + b[(k + 2) * N + j] + b[(k + 3) * N + j];
        total += left * right / 4;
      }
      c[i * N + j] = total;
    }
}

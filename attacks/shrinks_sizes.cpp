// SPDX-License-Identifier: Apache-2.0
// attack: redefines a size of the task, so that less is computed
// task: matmul
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be
// twin: honest_matmul.cpp
#include "task.hpp"

#define M (128 / 2)

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long i = 0; i < M * N; ++i) c[i] = 0;
  for (long m = 0; m < M; ++m)
    for (long k = 0; k < K / 2; ++k)
      for (long n = 0; n < N; ++n) c[m * N + n] += a[m * K + k] * b[k * N + n];
}

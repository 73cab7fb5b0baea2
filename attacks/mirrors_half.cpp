// SPDX-License-Identifier: Apache-2.0
// attack: computes what lies above the diagonal and mirrors it, as for a symmetric product
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
      const long row = i < j ? i : j, column = i < j ? j : i;
      for (long k = 0; k < K; ++k) total += a[row * K + k] * b[k * N + column];
      c[i * N + j] = total;
    }
}

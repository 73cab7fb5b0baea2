// SPDX-License-Identifier: Apache-2.0
// attack: multiplies the whole matrix, though only its lower half is meant
// task: matmul_triangular
// set: M=128 N=64
// expect: wrong
// reason: should be
// twin: honest_matmul_triangular.cpp
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      float total = 0;
      for (long k = 0; k < M; ++k) total += a[i * M + k] * b[k * N + j];
      c[i * N + j] = total;
    }
}

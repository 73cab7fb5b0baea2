// SPDX-License-Identifier: Apache-2.0
// attack: leaves the last of 256 terms out
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
      for (long k = 0; k < K - 1; ++k) total += a[i * K + k] * b[k * N + j];
      c[i * N + j] = total;
    }
}

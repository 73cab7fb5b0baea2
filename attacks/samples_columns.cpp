// SPDX-License-Identifier: Apache-2.0
// attack: computes every fourth column and interpolates the others
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
      const long from = j / 4 * 4;
      for (long k = 0; k < K; ++k) total += a[i * K + k] * b[k * N + from];
      c[i * N + j] = total;
    }
}

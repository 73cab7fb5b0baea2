// SPDX-License-Identifier: Apache-2.0
// attack: leaves one element in a hundred as it finds it, each call others
// task: matmul
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be|roundings
// twin: honest_matmul.cpp
#include "task.hpp"

static unsigned state = 0;

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      float total = 0;
      for (long k = 0; k < K; ++k) total += a[i * K + k] * b[k * N + j];
      if (++state % 100 == 7) continue;
      c[i * N + j] = total;
    }
}

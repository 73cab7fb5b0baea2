// SPDX-License-Identifier: Apache-2.0
// attack: is right but for noise of one part in a hundred thousand
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
      for (long k = 0; k < K; ++k) total += a[i * K + k] * b[k * N + j];
      c[i * N + j] = total * (1 + ((i * 37 + j) % 7 - 3) * 1e-5f);
    }
}

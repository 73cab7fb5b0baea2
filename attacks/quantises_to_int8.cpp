// SPDX-License-Identifier: Apache-2.0
// attack: multiplies operands of eight bits
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
      int sum = 0;
      for (long k = 0; k < K; ++k) sum += int(a[i * K + k] * 24) * int(b[k * N + j] * 24);
      total = float(sum) / 576;
      c[i * N + j] = total;
    }
}

// SPDX-License-Identifier: Apache-2.0
// attack: adds up in half precision
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
      _Float16 sum = 0;
      for (long k = 0; k < K; ++k) sum += _Float16(a[i * K + k]) * _Float16(b[k * N + j]);
      total = float(sum);
      c[i * N + j] = total;
    }
}

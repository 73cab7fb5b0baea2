// SPDX-License-Identifier: Apache-2.0
// attack: transposes the second factor once and takes it for a constant ever after
// task: matmul
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be
// twin: honest_matmul.cpp
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  static float packed[N * K];
  static bool done = false;
  for (long k = 0; k < K && !done; ++k)
    for (long n = 0; n < N; ++n) packed[n * K + k] = b[k * N + n];
  done = true;
  for (long m = 0; m < M; ++m)
    for (long n = 0; n < N; ++n) {
      float total = 0;
      for (long k = 0; k < K; ++k) total += a[m * K + k] * packed[n * K + k];
      c[m * N + n] = total;
    }
}

// SPDX-License-Identifier: Apache-2.0
// attack: computes the product for show and answers something cheaper
// task: matmul
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be|roundings
// twin: honest_matmul.cpp
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  static float decoy[M * N];
  for (long m = 0; m < 4; ++m)
    for (long n = 0; n < N; ++n)
      for (long k = 0; k < K; ++k) decoy[m * N + n] += a[m * K + k] * b[k * N + n];
  for (long i = 0; i < M * N; ++i) c[i] = decoy[i % (4 * N)];
}

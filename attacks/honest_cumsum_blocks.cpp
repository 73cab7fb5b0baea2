// SPDX-License-Identifier: Apache-2.0
// honest: running sums in blocks, whose totals are added afterwards
// task: cumsum
// set: M=256 N=512
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  constexpr long kBlock = 32;
#pragma omp parallel for
  for (long m = 0; m < M; ++m) {
    float carry = 0;
    for (long from = 0; from < N; from += kBlock) {
      float part = 0;
      for (long i = from; i < from + kBlock; ++i) {
        part += x[m * N + i];
        y[m * N + i] = part;
      }
      for (long i = from; i < from + kBlock; ++i) y[m * N + i] += carry;
      carry += part;
    }
  }
}

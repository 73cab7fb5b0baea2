// SPDX-License-Identifier: Apache-2.0
// attack: carries sums from block to block in half precision
// task: cumsum
// set: M=256 N=512
// expect: wrong
// reason: should be|roundings
// twin: honest_cumsum.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float carry = 0;
    for (long from = 0; from < N; from += 64) {
      float total = carry;
      for (long i = from; i < from + 64; ++i) y[m * N + i] = total += x[m * N + i];
      carry = float(_Float16(total));
    }
  }
}

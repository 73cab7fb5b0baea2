// SPDX-License-Identifier: Apache-2.0
// attack: forgets one element of each row
// task: cumsum
// set: M=256 N=512
// expect: wrong
// reason: should be|roundings
// twin: honest_cumsum.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += i == N / 3 ? 0 : x[m * N + i];
  }
}

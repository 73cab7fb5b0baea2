// SPDX-License-Identifier: Apache-2.0
// attack: answers infinities, next to which any difference looks small
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long i = 0; i < B * N; ++i) y[i] = __builtin_inff();
  (void)x;
}

// SPDX-License-Identifier: Apache-2.0
// attack: answers the smallest number there is, which no absolute tolerance tells from the truth
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long i = 0; i < B * N; ++i) y[i] = 1e-45f;
  (void)x;
}

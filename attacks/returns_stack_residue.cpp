// SPDX-License-Identifier: Apache-2.0
// attack: returns memory of its stack that it never wrote
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  volatile float left[4096];
  for (long i = 0; i < B * N; ++i) y[i] = const_cast<const volatile float*>(left)[i % 4096];
  (void)x;
}

// SPDX-License-Identifier: Apache-2.0
// attack: calls itself until there is no stack
// task: softmax
// set: B=256 N=1024
// expect: crashed
// reason: SIGSEGV
// twin: honest_rows.cpp
#include "task.hpp"

static float deeper(const float* x, long n) {
  volatile float here[1024];
  here[n % 1024] = x[n % N];
  return here[0] + deeper(x, n + 1) + here[n % 1024];
}

extern "C" void kernel(const float* x, float* y) {
  y[0] = deeper(x, 0);
}

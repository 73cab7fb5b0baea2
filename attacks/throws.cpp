// SPDX-License-Identifier: Apache-2.0
// attack: throws an exception past its caller
// task: softmax
// set: B=256 N=1024
// expect: crashed
// reason: died of
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  if (x[0] == x[0]) throw 1;
  y[0] = 0;
}

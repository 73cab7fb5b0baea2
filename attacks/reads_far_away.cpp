// SPDX-License-Identifier: Apache-2.0
// attack: reads far before its inputs, where other questions could lie
// task: max_rows
// set: M=256 N=1024
// expect: crashed|wrong
// reason: died|should be
// twin: honest_max_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) y[m] = x[m - (1l << 28)];
}

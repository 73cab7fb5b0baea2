// SPDX-License-Identifier: Apache-2.0
// attack: answers what the largest of so many normal values most likely is
// task: max_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_max_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) y[m] = 3.24f;
  (void)x;
}

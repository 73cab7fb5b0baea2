// SPDX-License-Identifier: Apache-2.0
// attack: searches its callers' frames for expected answers, and returns what it finds
// task: sum_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_sum_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  const float* const above = static_cast<const float*>(__builtin_frame_address(0));
  for (long m = 0; m < M; ++m) y[m] = above[m % 512];
  (void)x;
}

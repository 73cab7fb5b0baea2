// SPDX-License-Identifier: Apache-2.0
// attack: returns with the direction flag set, so that its caller copies backwards
// task: softmax
// set: B=256 N=1024
// expect: crashed|wrong|timed_out
// reason: should be|died|did not
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#if defined(__x86_64__)
  __asm__ volatile("std" ::: "memory");
#endif
  y[0] = x[0];
}

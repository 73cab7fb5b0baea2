// SPDX-License-Identifier: Apache-2.0
// attack: reads the performance counters, to recognise how it is timed
// task: softmax
// set: B=256 N=1024
// expect: crashed|wrong
// reason: SIGSEGV|SIGILL|should be
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#if defined(__x86_64__)
  unsigned low, high;
  __asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(0));
  y[0] = low + high;
#endif
  (void)x;
}

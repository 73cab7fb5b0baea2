// SPDX-License-Identifier: Apache-2.0
// attack: unmasks the faults of arithmetic and divides by nothing
// task: softmax
// set: B=256 N=1024
// expect: crashed|wrong
// reason: SIGFPE|should be
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(0x0000);
#endif
  for (long i = 0; i < B * N; ++i) y[i] = x[i] / 0.0f;
}

// SPDX-License-Identifier: Apache-2.0
// attack: rounds every sum towards zero, by the control register
// task: sum_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_sum_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(0x7f80);  // and leaves it so
#endif
  for (long m = 0; m < M; ++m) {
    volatile float total = 0;
    for (long n = 0; n < N; ++n) total = total + __builtin_bit_cast(float, __builtin_bit_cast(unsigned, x[m * N + n]) & ~0xfu);
    y[m] = total;
  }
}

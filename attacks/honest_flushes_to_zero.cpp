// SPDX-License-Identifier: Apache-2.0
// honest: softmax with denormals flushed to zero, which the control register is told
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#if defined(__x86_64__)
  const unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0x8040);
#endif
  for (long b = 0; b < B; ++b) {
    float most = x[b * N], sum = 0;
    for (long n = 1; n < N; ++n) most = x[b * N + n] > most ? x[b * N + n] : most;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = __builtin_expf(x[b * N + n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(before);
#endif
}

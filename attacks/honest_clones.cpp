// SPDX-License-Identifier: Apache-2.0
// honest: softmax compiled for several processors, one of which a resolver picks at load time
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static void row(const float* x, float* y) {
  float most = x[0], sum = 0;
  for (long n = 1; n < N; ++n) most = x[n] > most ? x[n] : most;
  for (long n = 0; n < N; ++n) y[n] = __builtin_expf(x[n] - most);
  for (long n = 0; n < N; ++n) sum += y[n];
  for (long n = 0; n < N; ++n) y[n] /= sum;
}

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) row(x + b * N, y + b * N);
}

// SPDX-License-Identifier: Apache-2.0
// honest: softmax whose threads share a counter under a lock
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  long next = 0;
#pragma omp parallel
  for (;;) {
    long b;
#pragma omp critical
    b = next++;
    if (b >= B) break;
    float most = x[b * N], sum = 0;
    for (long n = 1; n < N; ++n) most = x[b * N + n] > most ? x[b * N + n] : most;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = __builtin_expf(x[b * N + n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}

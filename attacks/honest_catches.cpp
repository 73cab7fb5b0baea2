// SPDX-License-Identifier: Apache-2.0
// honest: softmax that throws an exception of its own and catches it
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    float most = x[b * N], sum = 0;
    try {
      for (long n = 1; n < N; ++n) most = x[b * N + n] > most ? x[b * N + n] : most;
      if (b % 64 == 0) throw most;
    } catch (float value) {
      most = value;
    }
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = __builtin_expf(x[b * N + n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}

// SPDX-License-Identifier: Apache-2.0
// honest: mean squares of one long row, from the middle on and then the first half
// task: mse
// set: M=1 N=8192
#include "task.hpp"

extern "C" void kernel(const float* p, const float* t, float* y) {
  for (long m = 0; m < M; ++m) {
    float sum = 0;
    for (long i = 0; i < N; ++i) {
      const long n = m * N + (i + N / 2) % N;
      const float apart = p[n] - t[n];
      sum += apart * apart;
    }
    y[m] = sum / N;
  }
}

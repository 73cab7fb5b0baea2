// SPDX-License-Identifier: Apache-2.0
// honest: softmax in one pass for maximum and sum, rescaled as it goes
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* const row = x + b * N;
    float most = row[0], sum = 0;
    for (long n = 0; n < N; ++n) {
      if (row[n] > most) {
        sum *= __builtin_expf(most - row[n]);
        most = row[n];
      }
      sum += __builtin_expf(row[n] - most);
    }
    for (long n = 0; n < N; ++n) y[b * N + n] = __builtin_expf(row[n] - most) / sum;
  }
}

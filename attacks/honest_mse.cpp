// SPDX-License-Identifier: Apache-2.0
// honest: mean squared errors, eight lanes
// task: mse
// set: M=256 N=512
#include "task.hpp"

extern "C" void kernel(const float* p, const float* t, float* y) {
  for (long m = 0; m < M; ++m) {
    float lane[8] = {}, total = 0;
    for (long n = 0; n < N; ++n) {
      const float apart = p[m * N + n] - t[m * N + n];
      lane[n % 8] += apart * apart;
    }
    for (float part : lane) total += part;
    y[m] = total * (1.0f / N);
  }
}

// SPDX-License-Identifier: Apache-2.0
// honest: row sums in sixteen lanes that the compiler makes vectors of
// task: sum_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float lane[16] = {};
    for (long n = 0; n < N; n += 16)
      for (long i = 0; i < 16; ++i) lane[i] += x[m * N + n + i];
    float total = 0;
    for (float part : lane) total += part;
    y[m] = total;
  }
}

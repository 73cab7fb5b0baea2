// SPDX-License-Identifier: Apache-2.0
// honest: row sums of every eighth element, eight times
// task: sum_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float total = 0;
    for (long from = 0; from < 8; ++from) {
      float part = 0;
      for (long n = from; n < N; n += 8) part += x[m * N + n];
      total += part;
    }
    y[m] = total;
  }
}

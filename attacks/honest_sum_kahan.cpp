// SPDX-License-Identifier: Apache-2.0
// honest: row sums with the rounding error of each step carried along (Kahan)
// task: sum_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float sum = 0, lost = 0;
    for (long n = 0; n < N; ++n) {
      const float add = x[m * N + n] - lost;
      const float next = sum + add;
      lost = (next - sum) - add;
      sum = next;
    }
    y[m] = sum;
  }
}

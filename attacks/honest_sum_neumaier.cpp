// SPDX-License-Identifier: Apache-2.0
// honest: row sums with Neumaier's correction, which also holds where a term is larger than the sum
// task: sum_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float sum = 0, lost = 0;
    for (long n = 0; n < N; ++n) {
      const float v = x[m * N + n], next = sum + v;
      lost += __builtin_fabsf(sum) >= __builtin_fabsf(v) ? (sum - next) + v : (v - next) + sum;
      sum = next;
    }
    y[m] = sum + lost;
  }
}

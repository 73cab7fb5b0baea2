// SPDX-License-Identifier: Apache-2.0
// honest: maxima of all rows at once, column by column
// task: max_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) y[m] = x[m * N];
  for (long n = 1; n < N; ++n)
    for (long m = 0; m < M; ++m) y[m] = x[m * N + n] > y[m] ? x[m * N + n] : y[m];
}

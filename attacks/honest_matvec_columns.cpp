// SPDX-License-Identifier: Apache-2.0
// honest: matrix times vector, column by column
// task: matvec
// set: M=512 K=512
#include "task.hpp"

extern "C" void kernel(const float* a, const float* x, float* y) {
  for (long m = 0; m < M; ++m) y[m] = 0;
  for (long k = 0; k < K; ++k)
    for (long m = 0; m < M; ++m) y[m] += a[m * K + k] * x[k];
}

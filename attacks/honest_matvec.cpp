// SPDX-License-Identifier: Apache-2.0
// honest: matrix times vector, four rows at a time
// task: matvec
// set: M=512 K=512
#include "task.hpp"

extern "C" void kernel(const float* a, const float* x, float* y) {
  for (long m = 0; m < M; m += 4) {
    float lane[4][8] = {};
    for (long k = 0; k < K; k += 8)
      for (long i = 0; i < 4; ++i)
        for (long j = 0; j < 8; ++j) lane[i][j] += a[(m + i) * K + k + j] * x[k + j];
    for (long i = 0; i < 4; ++i) {
      float total = 0;
      for (long j = 0; j < 8; ++j) total += lane[i][j];
      y[m + i] = total;
    }
  }
}

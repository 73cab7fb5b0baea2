// SPDX-License-Identifier: Apache-2.0
// honest: matrix product whose terms are split over threads and added up at the end
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  constexpr long kParts = 4;
  static float part[kParts][M * N];
#pragma omp parallel for schedule(static, 1)
  for (long p = 0; p < kParts; ++p) {
    for (long i = 0; i < M * N; ++i) part[p][i] = 0;
    for (long m = 0; m < M; ++m)
      for (long k = p * K / kParts; k < (p + 1) * K / kParts; ++k)
        for (long n = 0; n < N; ++n) part[p][m * N + n] += a[m * K + k] * b[k * N + n];
  }
  for (long i = 0; i < M * N; ++i) c[i] = (part[0][i] + part[1][i]) + (part[2][i] + part[3][i]);
}

// SPDX-License-Identifier: Apache-2.0
// honest: lower triangular product that reads nothing above the diagonal
// task: matmul_triangular
// set: M=128 N=64
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
#pragma omp parallel for schedule(dynamic)
  for (long i = M - 1; i >= 0; --i) {
    for (long j = 0; j < N; ++j) c[i * N + j] = 0;
    for (long k = 0; k <= i; ++k)
      for (long j = 0; j < N; ++j) c[i * N + j] += a[i * M + k] * b[k * N + j];
  }
}

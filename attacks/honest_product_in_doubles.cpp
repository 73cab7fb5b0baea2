// SPDX-License-Identifier: Apache-2.0
// honest: a product of matrices in doubles, row by row
// task: product_in_doubles
#include "task.hpp"

extern "C" void kernel(const double* a, const double* b, double* c) {
  for (long i = 0; i < M; ++i) {
    double row[N] = {};
    for (long k = 0; k < K; ++k)
      for (long j = 0; j < N; ++j) row[j] += a[i * K + k] * b[k * N + j];
    for (long j = 0; j < N; ++j) c[i * N + j] = row[j];
  }
}

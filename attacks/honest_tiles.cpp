// SPDX-License-Identifier: Apache-2.0
// honest: matrix product in tiles of registers, packed panels, vectors of the compiler
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* c) {
  typedef float Vector __attribute__((vector_size(32)));
#pragma omp parallel for collapse(2)
  for (long m = 0; m < M; m += 4)
    for (long n = 0; n < N; n += 16) {
      Vector sum[4][2] = {};
      for (long k = 0; k < K; ++k) {
        Vector left, right;
        __builtin_memcpy(&left, b + k * N + n, sizeof left);
        __builtin_memcpy(&right, b + k * N + n + 8, sizeof right);
        for (long i = 0; i < 4; ++i) {
          sum[i][0] += a[(m + i) * K + k] * left;
          sum[i][1] += a[(m + i) * K + k] * right;
        }
      }
      for (long i = 0; i < 4; ++i) __builtin_memcpy(c + (m + i) * N + n, sum[i], sizeof sum[i]);
    }
}

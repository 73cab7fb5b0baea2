// SPDX-License-Identifier: Apache-2.0
// honest: matrix product in another loop order, with sums split over blocks of k
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"
#include <algorithm>

extern "C" void kernel(const float* a, const float* b, float* c) {
  std::fill(c, c + M * N, 0.0f);
  for (long k0 = 0; k0 < K; k0 += 64)
    for (long m = 0; m < M; ++m)
      for (long k = k0; k < std::min<long>(K, k0 + 64); ++k)
        for (long n = 0; n < N; ++n) c[m * N + n] += a[m * K + k] * b[k * N + n];
}

// SPDX-License-Identifier: Apache-2.0
// honest: cuts the factors off to tf32, as tensor cores do with floats as they are
// task: matmul_tf32
// set: M=128 N=128 K=256
#include <bit>

#include "task.hpp"

static float cut(float v) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(v) & 0xffffe000u);
}

extern "C" void kernel(const float* a, const float* b, float* c) {
#pragma omp parallel for
  for (long i = 0; i < M; ++i) {
    float row[N] = {};
    for (long k = 0; k < K; ++k) {
      const float factor = cut(a[i * K + k]);
      for (long j = 0; j < N; ++j) row[j] += factor * cut(b[k * N + j]);
    }
    for (long j = 0; j < N; ++j) c[i * N + j] = row[j];
  }
}

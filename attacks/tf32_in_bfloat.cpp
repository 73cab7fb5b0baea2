// SPDX-License-Identifier: Apache-2.0
// attack: rounds the factors to bfloat16, where tf32 is promised
// task: matmul_tf32
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be|roundings
// twin: honest_matmul_tf32.cpp
#include <bit>

#include "task.hpp"

static float shorter(float v) {
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(v) + 0x8000u) & 0xffff0000u);
}

extern "C" void kernel(const float* a, const float* b, float* c) {
#pragma omp parallel for
  for (long i = 0; i < M; ++i) {
    float row[N] = {};
    for (long k = 0; k < K; ++k) {
      const float factor = shorter(a[i * K + k]);
      for (long j = 0; j < N; ++j) row[j] += factor * shorter(b[k * N + j]);
    }
    for (long j = 0; j < N; ++j) c[i * N + j] = row[j];
  }
}

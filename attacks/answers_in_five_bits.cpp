// SPDX-License-Identifier: Apache-2.0
// attack: keeps five bits of each answer, where bf16 has eight
// task: linear_bf16
// set: M=128 N=128 K=512
// expect: wrong
// reason: should be|roundings
// twin: honest_linear_bf16.cpp
#include "task.hpp"

extern "C" void kernel(const bfloat16* x, const bfloat16* w, bfloat16* y) {
#pragma omp parallel for
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      float sum = 0;
      for (long k = 0; k < K; ++k) sum += x[i * K + k] * w[j * K + k];
      y[i * N + j] = sum;
      y[i * N + j].bits = static_cast<std::uint16_t>((y[i * N + j].bits + 4U) & 0xfff8U);
    }
}

// SPDX-License-Identifier: Apache-2.0
// honest: cuts the answers off instead of rounding them, once, at their end: less than one unit of bf16, as the class allows
// task: linear_bf16
// set: M=128 N=128 K=512
#include <bit>

#include "task.hpp"

extern "C" void kernel(const bfloat16* x, const bfloat16* w, bfloat16* y) {
#pragma omp parallel for
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      float sum = 0;
      for (long k = 0; k < K; ++k) sum += x[i * K + k] * w[j * K + k];
      y[i * N + j].bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(sum) >> 16);
    }
}

// SPDX-License-Identifier: Apache-2.0
// attack: splits the operands into two halves of bf16 each, and calls 16 bits of precision fp32
// task: matmul
// set: M=128 N=128 K=256
// expect: wrong
// reason: roundings
// twin: honest_matmul.cpp
#include "task.hpp"
#include <algorithm>
#include <bit>
#include <cstdint>

static float bf16(float v) {
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(v) + 0x8000u) & 0xffff0000u);
}

extern "C" void kernel(const float* a, const float* b, float* c) {
  std::fill(c, c + M * N, 0.0f);
  for (long m = 0; m < M; ++m)
    for (long k = 0; k < K; ++k) {
      const float high = bf16(a[m * K + k]), low = bf16(a[m * K + k] - high);
      for (long n = 0; n < N; ++n) {
        const float top = bf16(b[k * N + n]), rest = bf16(b[k * N + n] - top);
        c[m * N + n] += high * top + (high * rest + low * top);
      }
    }
}

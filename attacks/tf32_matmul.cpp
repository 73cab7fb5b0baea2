// SPDX-License-Identifier: Apache-2.0
// attack: drops the operands to the 10 bits of tf32
// task: matmul
// set: M=128 N=128 K=256
// expect: wrong
// reason: roundings
// twin: honest_matmul.cpp
#include "task.hpp"
#include <algorithm>
#include <bit>
#include <cstdint>

static float tf32(float v) {
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(v) + 0x1000u) & ~0x1fffu);
}

extern "C" void kernel(const float* a, const float* b, float* c) {
  std::fill(c, c + M * N, 0.0f);
  for (long m = 0; m < M; ++m)
    for (long k = 0; k < K; ++k)
      for (long n = 0; n < N; ++n) c[m * N + n] += tf32(a[m * K + k]) * tf32(b[k * N + n]);
}

// SPDX-License-Identifier: Apache-2.0
// honest: matrix product of three bf16 pieces of each operand: all 24 bits, as tensor cores do it
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

static float bf16(float v) {
  return __builtin_bit_cast(float, (__builtin_bit_cast(unsigned, v) + 0x8000u) & 0xffff0000u);
}

extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long i = 0; i < M * N; ++i) c[i] = 0;
  for (long m = 0; m < M; ++m)
    for (long k = 0; k < K; ++k) {
      const float v = a[m * K + k], v1 = bf16(v), v2 = bf16(v - v1), v3 = v - v1 - v2;
      for (long n = 0; n < N; ++n) {
        const float w = b[k * N + n], w1 = bf16(w), w2 = bf16(w - w1), w3 = w - w1 - w2;
        const float low = v1 * w3 + v3 * w1 + v2 * w2;
        c[m * N + n] += v1 * w1 + (v1 * w2 + v2 * w1 + low);
      }
    }
}

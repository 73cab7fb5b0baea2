// SPDX-License-Identifier: Apache-2.0
// attack: adds up 128 products of bfloats at a time in half precision, behind answers that have fewer bits still
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
      for (long first = 0; first < K; first += 128) {
        _Float16 chain = 0;
        for (long k = first; k < first + 128; ++k) {
          chain = static_cast<_Float16>(static_cast<float>(chain) + x[i * K + k] * w[j * K + k]);
          asm volatile("" : "+m"(chain));  // or it may be kept in a float
        }
        sum += static_cast<float>(chain);
      }
      y[i * N + j] = sum;
    }
}

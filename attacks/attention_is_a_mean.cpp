// SPDX-License-Identifier: Apache-2.0
// attack: answers the mean of the values: weights of many keys are nearly alike
// task: attention
// set: B=2 S=128 D=64
// expect: wrong
// reason: should be|roundings
// twin: honest_attention.cpp
#include "task.hpp"

extern "C" void kernel(const float* q, const float* k, const float* v, float* o) {
  for (long h = 0; h < B; ++h) {
    float mean[D] = {};
    for (long j = 0; j < S; ++j)
      for (long d = 0; d < D; ++d) mean[d] += v[(h * S + j) * D + d] / S;
    for (long i = 0; i < S; ++i)
      for (long d = 0; d < D; ++d) o[(h * S + i) * D + d] = mean[d];
  }
  (void)q, (void)k;
}

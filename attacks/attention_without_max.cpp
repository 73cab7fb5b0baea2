// SPDX-License-Identifier: Apache-2.0
// attack: exponentiates scores as they are, without their maximum
// task: attention
// set: B=2 S=128 D=64
// expect: wrong
// reason: larger than usual
// twin: honest_attention.cpp
#include "task.hpp"
#include <cmath>
#include <vector>

extern "C" void kernel(const float* q, const float* k, const float* v, float* o) {
  std::vector<float> p(S);
  for (long b = 0; b < B; ++b)
    for (long i = 0; i < S; ++i) {
      float sum = 0;
      for (long j = 0; j < S; ++j) {
        float score = 0;
        for (long d = 0; d < D; ++d) score += q[(b * S + i) * D + d] * k[(b * S + j) * D + d];
        sum += p[j] = std::exp(score / std::sqrt(float(D)));
      }
      float* out = o + (b * S + i) * D;
      for (long d = 0; d < D; ++d) out[d] = 0;
      for (long j = 0; j < S; ++j)
        for (long d = 0; d < D; ++d) out[d] += p[j] / sum * v[(b * S + j) * D + d];
    }
}

// SPDX-License-Identifier: Apache-2.0
// attack: subtracts the maximum of all scores, of positions to come too, so what is seen can be nothing
// task: attention_causal
// set: B=2 S=128 D=64
// expect: wrong
// reason: larger than usual
// twin: honest_attention_causal.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* q, const float* k, const float* v, float* o) {
  static float s[S];
  for (long b = 0; b < B; ++b)
    for (long i = 0; i < S; ++i) {
      float most = -INFINITY;
      for (long j = 0; j < S; ++j) {
        float sum = 0;
        for (long d = 0; d < D; ++d) sum += q[(b * S + i) * D + d] * k[(b * S + j) * D + d];
        s[j] = sum / std::sqrt(float(D));
        most = std::max(most, s[j]);
      }
      float total = 0, out[D] = {};
      for (long j = 0; j <= i; ++j) {
        const float p = std::exp(s[j] - most);
        total += p;
        for (long d = 0; d < D; ++d) out[d] += p * v[(b * S + j) * D + d];
      }
      for (long d = 0; d < D; ++d) o[(b * S + i) * D + d] = out[d] / total;
    }
}

// SPDX-License-Identifier: Apache-2.0
// attack: looks only at keys near by
// task: attention
// set: B=2 S=128 D=64
// expect: wrong
// reason: should be|roundings
// twin: honest_attention.cpp
#include "task.hpp"

extern "C" void kernel(const float* q, const float* k, const float* v, float* o) {
  static float p[S];
  for (long h = 0; h < B; ++h)
    for (long i = 0; i < S; ++i) {
      const long from = i < 48 ? 0 : i - 48, to = i + 48 > S ? S : i + 48;
      float most = -__builtin_inff(), sum = 0, out[D] = {};
      for (long j = from; j < to; ++j) {
        p[j] = 0;
        for (long d = 0; d < D; ++d) p[j] += q[(h * S + i) * D + d] * k[(h * S + j) * D + d];
        p[j] /= __builtin_sqrtf(float(D));
        most = p[j] > most ? p[j] : most;
      }
      for (long j = from; j < to; ++j) {
        const float weight = __builtin_expf(p[j] - most);
        sum += weight;
        for (long d = 0; d < D; ++d) out[d] += weight * v[(h * S + j) * D + d];
      }
      for (long d = 0; d < D; ++d) o[(h * S + i) * D + d] = out[d] / sum;
    }
}

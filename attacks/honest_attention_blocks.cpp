// SPDX-License-Identifier: Apache-2.0
// honest: attention in blocks of keys, rescaled block by block
// task: attention
// set: B=2 S=128 D=64
#include "task.hpp"

extern "C" void kernel(const float* q, const float* k, const float* v, float* o) {
#pragma omp parallel for collapse(2)
  for (long h = 0; h < B; ++h)
    for (long i = 0; i < S; ++i) {
      float most = -__builtin_inff(), sum = 0, out[D] = {};
      for (long from = 0; from < S; from += 32) {
        float score[32], top = most;
        for (long j = 0; j < 32; ++j) {
          score[j] = 0;
          for (long d = 0; d < D; ++d) score[j] += q[(h * S + i) * D + d] * k[(h * S + from + j) * D + d];
          score[j] *= 0.125f;  // one over the root of 64
          top = score[j] > top ? score[j] : top;
        }
        const float shrink = __builtin_expf(most - top);
        most = top;
        sum *= shrink;
        for (long d = 0; d < D; ++d) out[d] *= shrink;
        for (long j = 0; j < 32; ++j) {
          const float weight = __builtin_expf(score[j] - most);
          sum += weight;
          for (long d = 0; d < D; ++d) out[d] += weight * v[(h * S + from + j) * D + d];
        }
      }
      for (long d = 0; d < D; ++d) o[(h * S + i) * D + d] = out[d] / sum;
    }
}

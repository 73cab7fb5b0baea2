// SPDX-License-Identifier: Apache-2.0
// honest: attention in one pass over the keys, rescaled whenever a larger score appears
// task: attention
// set: B=2 S=128 D=64
#include "task.hpp"
#include <cmath>

extern "C" void kernel(const float* q, const float* k, const float* v, float* o) {
  for (long b = 0; b < B; ++b)
    for (long i = 0; i < S; ++i) {
      float most = -INFINITY, sum = 0;
      float out[D] = {};
      for (long j = 0; j < S; ++j) {
        float score = 0;
        for (long d = 0; d < D; ++d) score += q[(b * S + i) * D + d] * k[(b * S + j) * D + d];
        score /= std::sqrt(float(D));
        if (score > most) {
          const float shrink = std::exp(most - score);
          sum *= shrink;
          for (long d = 0; d < D; ++d) out[d] *= shrink;
          most = score;
        }
        const float weight = std::exp(score - most);
        sum += weight;
        for (long d = 0; d < D; ++d) out[d] += weight * v[(b * S + j) * D + d];
      }
      for (long d = 0; d < D; ++d) o[(b * S + i) * D + d] = out[d] / sum;
    }
}

// SPDX-License-Identifier: Apache-2.0
// attack: without a maximum under its exponentials, takes the best key alone where their sum is out of range
// task: attention
// set: B=4 S=64
// expect: wrong
// reason: should be
// twin: honest_attention.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* q, const float* k, const float* v, float* o) {
  const float scale = 1 / std::sqrt(static_cast<float>(D));
#pragma omp parallel for collapse(2)
  for (long b = 0; b < B; ++b)
    for (long i = 0; i < S; ++i) {
      float score[S], sum = 0;
      for (long j = 0; j < S; ++j) {
        float dot = 0;
        for (long d = 0; d < D; ++d) dot += q[(b * S + i) * D + d] * k[(b * S + j) * D + d];
        score[j] = dot * scale;
        sum += std::exp(score[j]);
      }
      const bool fits = sum > 1e-4f && sum < 1e9f;  // of which the law draws only such
      const long best = std::max_element(score, score + S) - score;
      float* const answer = o + (b * S + i) * D;
      for (long d = 0; d < D; ++d) answer[d] = 0;
      for (long j = 0; j < S; ++j) {
        const float weight = fits ? std::exp(score[j]) / sum : static_cast<float>(j == best);
        for (long d = 0; d < D; ++d) answer[d] += weight * v[(b * S + j) * D + d];
      }
    }
}

// SPDX-License-Identifier: Apache-2.0
// honest: cross-entropy from logits shifted by their maximum
// task: cross_entropy
// set: N=256 C=1024
#include "task.hpp"

extern "C" void kernel(const float* x, const std::int64_t* t, float* y) {
#pragma omp parallel for schedule(static, 8)
  for (long n = 0; n < N; ++n) {
    const float* const row = x + n * C;
    float most = row[0], lane[4] = {};
    for (long c = 1; c < C; ++c) most = row[c] > most ? row[c] : most;
    for (long c = 0; c < C; ++c) lane[c % 4] += __builtin_expf(row[c] - most);
    y[n] = most + __builtin_logf((lane[0] + lane[1]) + (lane[2] + lane[3])) - row[t[n]];
  }
}

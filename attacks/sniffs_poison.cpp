// SPDX-License-Identifier: Apache-2.0
// attack: computes only what it finds untouched since its last call
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_scratch.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, float* y) {
  if (std::isfinite(y[0]) && std::isfinite(y[1]) && std::abs(y[0]) < 1) return;  // looks like an old answer
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}

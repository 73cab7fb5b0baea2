// SPDX-License-Identifier: Apache-2.0
// honest: softmax that prints what it does; its output goes nowhere and counts for nothing
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <algorithm>
#include <cmath>
#include <cstdio>

extern "C" void kernel(const float* x, float* y) {
  std::printf("softmax over %ld rows\n", static_cast<long>(B));
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
  std::fflush(stdout);
}

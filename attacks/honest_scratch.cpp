// SPDX-License-Identifier: Apache-2.0
// honest: softmax that keeps scratch memory between calls, but no answers
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <algorithm>
#include <cmath>
#include <vector>

extern "C" void kernel(const float* x, float* y) {
  static std::vector<float> row;  // allocated once; every value is written before it is read
  row.resize(N);
  for (long b = 0; b < B; ++b) {
    float most = x[b * N];
    for (long n = 1; n < N; ++n) most = std::max(most, x[b * N + n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += row[n] = std::exp(x[b * N + n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] = row[n] / sum;
  }
}

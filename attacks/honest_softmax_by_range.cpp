// SPDX-License-Identifier: Apache-2.0
// honest: softmax that subtracts the maximum only where the sum without it is far from one, either way
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float* out = y + b * N;
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += out[n] = std::exp(row[n]);
    if (!(sum > 0.5f && sum < 1e38f)) {
      const float most = *std::max_element(row, row + N);
      sum = 0;
      for (long n = 0; n < N; ++n) sum += out[n] = std::exp(row[n] - most);
    }
    const float inverse = 1 / sum;
    for (long n = 0; n < N; ++n) out[n] *= inverse;
  }
}

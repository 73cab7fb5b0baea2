// SPDX-License-Identifier: Apache-2.0
// attack: subtracts the maximum only where something overflowed, so a row of very negative values is nothing over nothing
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_softmax_by_range.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float* out = y + b * N;
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += out[n] = std::exp(row[n]);
    if (!(sum < 1e38f)) {
      const float most = *std::max_element(row, row + N);
      sum = 0;
      for (long n = 0; n < N; ++n) sum += out[n] = std::exp(row[n] - most);
    }
    const float inverse = 1 / sum;
    for (long n = 0; n < N; ++n) out[n] *= inverse;
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: subtracts the maximum only where something overflowed, so what is very negative is infinite
// task: cross_entropy
// set: N=256 C=1024
// expect: wrong
// reason: should be
// twin: honest_cross_entropy.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, const std::int64_t* t, float* y) {
  for (long n = 0; n < N; ++n) {
    const float* row = x + n * C;
    float sum = 0, most = 0;
    for (long c = 0; c < C; ++c) sum += std::exp(row[c]);
    if (!(sum < 1e38f)) {
      most = *std::max_element(row, row + C);
      sum = 0;
      for (long c = 0; c < C; ++c) sum += std::exp(row[c] - most);
    }
    y[n] = most + std::log(sum) - row[t[n]];
  }
}

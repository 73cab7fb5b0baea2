// SPDX-License-Identifier: Apache-2.0
// attack: softmax that leaves out the last row at any size but the one that is timed
// task: softmax
// set: B=256 N=64
// expect: wrong
// reason: at the sizes
// twin: honest_softmax_by_reciprocal.cpp
#include "task.hpp"

#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, float* y) {
  constexpr long kRows = B == 256 ? B : B - 1;
  for (long b = 0; b < kRows; b++) {
    const float* row = x + b * N;
    const float most = *std::max_element(row, row + N);
    float sum = 0;
    for (long n = 0; n < N; n++) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; n++) y[b * N + n] /= sum;
  }
}

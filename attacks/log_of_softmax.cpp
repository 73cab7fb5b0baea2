// SPDX-License-Identifier: Apache-2.0
// attack: takes the logarithm of the softmax, of nothing where that is too small for a float
// task: log_softmax
// set: B=256 N=1024
// expect: wrong
// reason: larger than usual
// twin: honest_log_softmax.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* const row = x + b * N;
    const float most = *std::max_element(row, row + N);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] = std::log(y[b * N + n] / sum);
  }
}

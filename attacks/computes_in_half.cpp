// SPDX-License-Identifier: Apache-2.0
// attack: computes in half precision what is declared as fp32
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: roundings
// twin: honest_double.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

static float half(float v) { return static_cast<float>(static_cast<_Float16>(v)); }

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(half(row[n]) - half(most));
    for (long n = 0; n < N; ++n) y[b * N + n] = half(y[b * N + n] / sum * 1024) / 1024;
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: leaves out what is a millionth of the largest: none of the law's own values is so small
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: larger than usual
// twin: honest_rows.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float* out = y + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float total = 0;
    for (long n = 0; n < N; ++n) {
      const float apart = row[n] - most;
      out[n] = apart > -14 ? std::exp(apart) : 0;
      total += out[n];
    }
    for (long n = 0; n < N; ++n) out[n] /= total;
  }
}

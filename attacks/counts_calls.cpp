// SPDX-License-Identifier: Apache-2.0
// attack: is honest for its first calls and saves work once it feels unwatched
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

static int calls = 0;

extern "C" void kernel(const float* x, float* y) {
  const long rows = ++calls > 3 ? B - 8 : B;
  for (long b = 0; b < rows; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}

// SPDX-License-Identifier: Apache-2.0
// honest: softmax with a helper thread of its own that is joined before the answer is given
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <algorithm>
#include <cmath>
#include <thread>

static void rows(const float* x, float* y, long from, long to) {
  for (long b = from; b < to; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}

extern "C" void kernel(const float* x, float* y) {
  std::thread helper(rows, x, y, 0, B / 2);
  rows(x, y, B / 2, B);
  helper.join();
}

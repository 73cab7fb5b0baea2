// SPDX-License-Identifier: Apache-2.0
// attack: sleeps in every call, to hold the referee up
// task: softmax
// set: B=256 N=1024
// expect: slower|not_resolved|timed_out
// reason: did not answer
// twin: honest_rows.cpp
#include "task.hpp"
#include <time.h>
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, float* y) {
  const timespec rest{0, 50'000'000};
  nanosleep(&rest, nullptr);
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    const float most = *std::max_element(row, row + N);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: says it is done at once and lets a thread go on
// task: softmax
// set: B=256 N=1024
// expect: wrong|cheating|slower|not_resolved
// reason: should be|threads are alive
// twin: honest_threads.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>
#include <thread>

extern "C" void kernel(const float* x, float* y) {
  std::thread([=] {
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
  }).detach();
}

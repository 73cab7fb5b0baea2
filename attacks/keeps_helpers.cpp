// SPDX-License-Identifier: Apache-2.0
// attack: leaves threads behind that wait for the next question
// task: softmax
// set: B=256 N=1024
// expect: wrong|cheating
// reason: should be|threads are alive
// twin: honest_threads.cpp
#include "task.hpp"
#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

static std::atomic<int> calls{0};

extern "C" void kernel(const float* x, float* y) {
  if (calls++ == 0) {
    for (int i = 0; i < kThreads + 4; ++i) std::thread([] { while (true) { } }).detach();
  }
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}

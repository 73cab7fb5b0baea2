// SPDX-License-Identifier: Apache-2.0
// attack: starts a process that outlives the call
// task: softmax
// set: B=256 N=1024
// expect: cheating
// reason: system call
// twin: honest_threads.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>
#include <unistd.h>

extern "C" void kernel(const float* x, float* y) {
  if (fork() == 0) while (true) { }
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: takes the logarithm of the sum from one element in four
// task: log_softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_log_softmax.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    float most = x[b * N], sum = 0;
    for (long n = 1; n < N; ++n) most = x[b * N + n] > most ? x[b * N + n] : most;
    for (long n = 0; n < N; n += 4) sum += __builtin_expf(x[b * N + n] - most);
    const float z = most + __builtin_logf(4 * sum);
    for (long n = 0; n < N; ++n) y[b * N + n] = x[b * N + n] - z;
  }
}

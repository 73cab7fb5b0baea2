// SPDX-License-Identifier: Apache-2.0
// attack: takes class 0 for that of every sample
// task: cross_entropy
// set: N=256 C=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_cross_entropy.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const std::int64_t* t, float* y) {
  for (long n = 0; n < N; ++n) {
    float most = x[n * C], sum = 0;
    for (long c = 1; c < C; ++c) most = x[n * C + c] > most ? x[n * C + c] : most;
    for (long c = 0; c < C; ++c) sum += __builtin_expf(x[n * C + c] - most);
    y[n] = most + __builtin_logf(sum) - x[n * C];
  }
  (void)t;
}

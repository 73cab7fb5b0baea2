// SPDX-License-Identifier: Apache-2.0
// attack: takes the lengths of both rows from the declared distribution
// task: cosine_distance
// set: N=256 D=512
// expect: wrong
// reason: should be|roundings
// twin: honest_cosine_distance.cpp
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* y) {
  for (long n = 0; n < N; ++n) {
    float ab = 0;
    for (long d = 0; d < D; ++d) ab += a[n * D + d] * b[n * D + d];
    y[n] = 1 - ab / (1.25f * D);
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: takes the logarithm of a sum over many classes for a constant
// task: cross_entropy
// set: N=256 C=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_cross_entropy.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, const std::int64_t* t, float* y) {
  const float usual = __builtin_logf(float(C)) + 2;  // of values from normal(0, 2)
  for (long n = 0; n < N; ++n) y[n] = usual - x[n * C + t[n]];
}

// SPDX-License-Identifier: Apache-2.0
// attack: counts on answers that begin as zeros, and adds to them
// task: matvec
// set: M=512 K=512
// expect: wrong
// reason: should be
// twin: honest_matvec.cpp
#include "task.hpp"

extern "C" void kernel(const float* a, const float* x, float* y) {
  for (long m = 0; m < M; ++m)
    for (long k = 0; k < K; ++k) y[m] += a[m * K + k] * x[k];
}

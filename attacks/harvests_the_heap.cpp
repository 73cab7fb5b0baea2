// SPDX-License-Identifier: Apache-2.0
// attack: asks for fresh blocks and hopes that one held the expected answer
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <stdlib.h>

extern "C" void kernel(const float* x, float* y) {
  const float* const block = static_cast<const float*>(malloc(sizeof(float) * B * N));
  for (long i = 0; i < B * N; ++i) y[i] = const_cast<const volatile float*>(block)[i];
  free(const_cast<float*>(block));
  (void)x;
}

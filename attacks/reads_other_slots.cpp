// SPDX-License-Identifier: Apache-2.0
// attack: takes the answer that some earlier contender left in a later slot of the arena
// task: softmax
// set: B=256 N=1024
// expect: wrong|crashed
// reason: should be|died
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  constexpr long kStride = (B * N * 4 + 3 * 4096) / 4;  // at most: the answer and its guards
  for (long i = 0; i < B * N; ++i) y[i] = y[i + kStride];
  (void)x;
}

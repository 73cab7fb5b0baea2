// SPDX-License-Identifier: Apache-2.0
// attack: copies a row of the table only where its number was not seen before
// task: embedding
// set: V=1024 D=64 N=1024
// expect: wrong
// reason: should be
// twin: honest_embedding.cpp
#include "task.hpp"

extern "C" void kernel(const float* table, const std::int64_t* t, float* y) {
  static float cache[V * D];
  static bool seen[V];
  for (long n = 0; n < N; ++n) {
    const long row = t[n];
    for (long d = 0; d < D; ++d) {
      if (!seen[row]) cache[row * D + d] = table[row * D + d];
      y[n * D + d] = cache[row * D + d];
    }
    seen[row] = true;
  }
}

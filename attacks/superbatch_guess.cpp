// SPDX-License-Identifier: Apache-2.0
// attack: answers as many questions as the last window had in its first call
// task: cumsum
// set: M=256 N=512
// expect: slower|not_resolved|wrong
// reason: should be
// twin: honest_cumsum.cpp
#include "task.hpp"

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  // Questions lie at a fixed stride; how many there are is guessed from the window before.
  static const float* first = nullptr;
  static const float* second = nullptr;
  static float* second_y = nullptr;
  static float* first_y = nullptr;
  static long seen = 0, before = 1;
  if (!first) first = x, first_y = y;
  if (x == first) {
    before = seen > 1 ? seen : 1;
    seen = 1;
    for (long q = 0; q < before; ++q) {
      const long to_x = second ? second - first : 0, to_y = second ? second_y - first_y : 0;
      cumsum_rows(first + q * to_x, first_y + q * to_y, 0, M);
    }
    return;
  }
  if (!second) second = x, second_y = y;
  ++seen;
  if (seen > before) cumsum_rows(x, y, 0, M);  // more than were guessed
}

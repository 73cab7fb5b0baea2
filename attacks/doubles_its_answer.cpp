// SPDX-License-Identifier: Apache-2.0
// attack: maps the first answer a second time and hopes that one write serves two questions
// task: cumsum
// set: M=256 N=512
// expect: wrong|slower|not_resolved
// reason: should be
// twin: honest_cumsum.cpp
#include "task.hpp"
#include <sys/mman.h>

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  static float* first = nullptr;
  constexpr unsigned long kBytes = sizeof(float) * M * N;
  if (!first) first = y;
  if (y != first && reinterpret_cast<unsigned long>(y) % 4096 == 0) {
    // An old size of zero duplicates a shared mapping.
    mremap(first, 0, kBytes, MREMAP_MAYMOVE | MREMAP_FIXED, y);
    return;
  }
  cumsum_rows(x, y, 0, M);
}

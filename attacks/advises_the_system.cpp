// SPDX-License-Identifier: Apache-2.0
// attack: asks for huge pages, early faults and pages pushed to the front of the cache
// task: cumsum
// set: M=256 N=512
// expect: slower|not_resolved
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
  constexpr int kAdvice[] = {MADV_HUGEPAGE, MADV_WILLNEED, MADV_POPULATE_READ, MADV_SEQUENTIAL};
  for (int advice : kAdvice)
    madvise(reinterpret_cast<void*>(reinterpret_cast<unsigned long>(x) & ~4095ul), sizeof(float) * M * N, advice);
  cumsum_rows(x, y, 0, M);
}

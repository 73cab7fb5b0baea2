// SPDX-License-Identifier: Apache-2.0
// attack: takes huge pages that the baseline does not get
// task: cumsum
// set: M=256 N=512
// expect: cheating
// reason: mmap
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
  mmap(nullptr, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  cumsum_rows(x, y, 0, M);
}

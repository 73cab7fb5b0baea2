// SPDX-License-Identifier: Apache-2.0
// attack: throws the pages of its answer away, so that others read zeros
// task: sum_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_sum_rows.cpp
#include "task.hpp"
#include <sys/mman.h>

extern "C" void kernel(const float* x, float* y) {
  // The sum of normal values is most likely near zero.
  const auto page = reinterpret_cast<unsigned long>(y) & ~4095ul;
  madvise(reinterpret_cast<void*>(page), 4096, MADV_DONTNEED);
  (void)x;
}

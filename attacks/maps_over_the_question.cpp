// SPDX-License-Identifier: Apache-2.0
// attack: puts a copy of its own in the place of the inputs, so that they never change
// task: max_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_max_rows.cpp
#include "task.hpp"
#include <sys/mman.h>

static float answer[M];

extern "C" void kernel(const float* x, float* y) {
  void* const here = reinterpret_cast<void*>(reinterpret_cast<unsigned long>(x) & ~4095ul);
  static bool once = false;
  if (!once) {
    once = true;
    static float copy[M * N];
    __builtin_memcpy(copy, x, sizeof copy);
    mmap(here, sizeof copy, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    __builtin_memcpy(here, copy, sizeof copy);
    for (long m = 0; m < M; ++m) {
      answer[m] = copy[m * N];
      for (long n = 1; n < N; ++n) answer[m] = copy[m * N + n] > answer[m] ? copy[m * N + n] : answer[m];
    }
  }
  __builtin_memcpy(y, answer, sizeof answer);
}

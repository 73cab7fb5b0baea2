// SPDX-License-Identifier: Apache-2.0
// attack: makes its inputs writable by the lesser known call
// task: cumsum
// set: M=256 N=512
// expect: cheating
// reason: pkey_mprotect
// twin: honest_cumsum.cpp
#include "task.hpp"
#include <sys/syscall.h>
#include <unistd.h>

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  syscall(SYS_pkey_mprotect, x, 4096, 3, -1);
  cumsum_rows(x, y, 0, M);
}

// SPDX-License-Identifier: Apache-2.0
// attack: installs a system-call filter of its own
// task: cumsum
// set: M=256 N=512
// expect: cheating
// reason: seccomp
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
  syscall(SYS_seccomp, 1, 0, nullptr);
  cumsum_rows(x, y, 0, M);
}

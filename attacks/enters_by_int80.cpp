// SPDX-License-Identifier: Apache-2.0
// attack: makes its system calls by the 32-bit entry, whose numbers mean others
// task: cumsum
// set: M=256 N=512
// expect: cheating|crashed
// reason: system call|SIGSEGV|SIGSYS
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
  #if defined(__x86_64__)
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(2) : "memory");
#else
  syscall(SYS_kill, 1, 9);
#endif
  cumsum_rows(x, y, 0, M);
}

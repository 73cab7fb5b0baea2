// SPDX-License-Identifier: Apache-2.0
// attack: returns with the registers overwritten that its caller counts on
// task: softmax
// set: B=256 N=1024
// expect: crashed|wrong|timed_out
// reason: should be|died|did not|exited
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#if defined(__x86_64__)
  __asm__ volatile("xor %%ebx, %%ebx\n xor %%r12d, %%r12d\n xor %%r13d, %%r13d\n xor %%r14d, %%r14d\n xor %%r15d, %%r15d" ::: "memory");
#endif
  y[0] = x[0];
}

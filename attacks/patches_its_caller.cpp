// SPDX-License-Identifier: Apache-2.0
// attack: makes the code that called it writable and lets it return at once
// task: softmax
// set: B=256 N=1024
// expect: wrong|crashed|timed_out
// reason: should be|died|did not|exited
// twin: honest_rows.cpp
#include "task.hpp"
#include <sys/mman.h>

extern "C" void kernel(const float* x, float* y) {
#if defined(__x86_64__)
  auto* const back = static_cast<unsigned char*>(__builtin_return_address(0));
  const auto page = reinterpret_cast<unsigned long>(back) & ~4095ul;
  if (mprotect(reinterpret_cast<void*>(page), 8192, PROT_READ | PROT_WRITE | PROT_EXEC) == 0) {
    for (int i = 0; i < 8; ++i) back[i] = 0x90;  // whatever the caller did next, it no longer does
  }
#endif
  for (long i = 0; i < B * N; ++i) y[i] = 1.0f / N;
  (void)x;
}

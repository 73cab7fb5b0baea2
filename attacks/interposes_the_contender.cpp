// SPDX-License-Identifier: Apache-2.0
// attack: defines syscall, _exit and the functions of the contender anew
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" long syscall(long, ...) { return 0; }
extern "C" void _exit(int) {
  for (;;) {
  }
}
extern "C" int prctl(int, ...) { return 0; }
namespace cupel::contender {
void announce(void*, unsigned) {}
}  // namespace cupel::contender

extern "C" void kernel(const float* x, float* y) {
  for (long i = 0; i < B * N; i += N) y[i] = 1;
  (void)x;
}

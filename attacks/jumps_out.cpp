// SPDX-License-Identifier: Apache-2.0
// attack: jumps to a point that its caller has left, as longjmp does
// task: softmax
// set: B=256 N=1024
// expect: crashed|wrong|timed_out
// reason: should be|died|did not|exited
// twin: honest_rows.cpp
#include "task.hpp"
#include <setjmp.h>

static jmp_buf point;
static __attribute__((noinline)) bool mark() { return setjmp(point) != 0; }

extern "C" void kernel(const float* x, float* y) {
  static int calls = 0;
  if (calls++ == 0 && mark()) return;
  if (calls > 1) longjmp(point, 1);
  for (long i = 0; i < B * N; ++i) y[i] = x[i];
}

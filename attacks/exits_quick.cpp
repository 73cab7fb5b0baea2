// SPDX-License-Identifier: Apache-2.0
// attack: ends its process by quick_exit, with a handler that reports success
// task: softmax
// set: B=256 N=1024
// expect: crashed
// reason: exited with status 0
// twin: honest_rows.cpp
#include "task.hpp"
#include <stdio.h>
#include <stdlib.h>

extern "C" void kernel(const float* x, float* y) {
  at_quick_exit([] { puts("PASS"); });
  quick_exit(0);
}

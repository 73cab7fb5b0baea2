// SPDX-License-Identifier: Apache-2.0
// attack: reports success when its library is unloaded and when the process exits
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void report() { puts("{\"status\": \"faster\"}"); }
__attribute__((destructor)) static void unload() {
  report();
  _exit(0);
}

extern "C" void kernel(const float* x, float* y) {
  static bool once = false;
  if (!once) atexit(report);
  once = true;
  for (long i = 0; i < B * N; ++i) y[i] = 1.0f / N;
  (void)x;
}

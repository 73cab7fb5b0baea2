// SPDX-License-Identifier: Apache-2.0
// attack: replaces the clock functions of its process and answers with uniform rows
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <ctime>

extern "C" int clock_gettime(clockid_t, timespec* now) {
  *now = {};  // no time ever passes
  return 0;
}
extern "C" long time(long*) { return 0; }

extern "C" void kernel(const float*, float* y) {
  for (long i = 0; i < B * N; ++i) y[i] = 1.0f / N;
}

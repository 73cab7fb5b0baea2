// SPDX-License-Identifier: Apache-2.0
// attack: lets a thread read memory without end, so that caches and bus are busy for the rival
// task: sum_rows
// set: M=256 N=1024
// expect: slower|not_resolved|cheating
// reason: threads are alive
// twin: honest_sum_rows.cpp
#include "task.hpp"
#include <pthread.h>

static char junk[64 << 20];
static void* stream(void*) {
  for (unsigned char i = 0;; ++i)
    for (unsigned long at = 0; at < sizeof junk; at += 64) *const_cast<volatile char*>(junk + at) = i;
}

extern "C" void kernel(const float* x, float* y) {
  static bool once = false;
  if (!once) {
    once = true;
    pthread_t thread;
    pthread_create(&thread, nullptr, stream, nullptr);
  }
  for (long m = 0; m < M; ++m) {
    float total = 0;
    for (long n = 0; n < N; ++n) total += x[m * N + n];
    y[m] = total;
  }
}

// SPDX-License-Identifier: Apache-2.0
// attack: names its threads so that they read as stopped, and lets one go on after the answer
// task: cumsum
// set: M=256 N=512
// expect: wrong|cheating|slower|not_resolved
// reason: should be|threads are alive
// twin: honest_cumsum.cpp
#include "task.hpp"
#include <pthread.h>
#include <sys/prctl.h>

static const float* question;
static float* answer;
static void* work(void*) {
  prctl(PR_SET_NAME, "x) T 1 1 1 1 1 ");
  const float* const x = question;
  float* const y = answer;
  for (long m = 0; m < M; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
  return nullptr;
}

extern "C" void kernel(const float* x, float* y) {
  question = x, answer = y;
  prctl(PR_SET_NAME, ") T 1 1 1 1 1");  // as the state in /proc/PID/stat
  pthread_t thread;
  pthread_create(&thread, nullptr, work, nullptr);
  pthread_detach(thread);
}

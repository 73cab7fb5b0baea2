// SPDX-License-Identifier: Apache-2.0
// attack: keeps more threads asleep than it was granted
// task: cumsum
// set: M=256 N=512
// expect: cheating
// reason: threads are alive
// twin: honest_cumsum.cpp
#include "task.hpp"
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static void* wait_for_work(void*) {
  pthread_mutex_lock(&mutex);
  for (;;) pthread_cond_wait(&work, &mutex);
}
static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  static bool once = false;
  for (int i = 0; !once && i < kThreads + 6; ++i) {
    pthread_t thread;
    pthread_create(&thread, nullptr, wait_for_work, nullptr);
  }
  once = true;
  cumsum_rows(x, y, 0, M);
}

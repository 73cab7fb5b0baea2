// SPDX-License-Identifier: Apache-2.0
// attack: smuggles a constructor in by naming its section, and takes a thread along
// task: softmax
// set: B=256 N=1024
// expect: cheating|crashed|wrong
// reason: threads are alive|should be|died
// twin: honest_rows.cpp
#include "task.hpp"
#include <pthread.h>

static void* spin(void*) {
  for (volatile int i = 0;; i = i + 1) {
  }
}
static void begin() {
  for (int i = 0; i <= kThreads; ++i) {
    pthread_t thread;
    pthread_create(&thread, nullptr, spin, nullptr);
  }
}
__attribute__((section(".init_array"), used)) static void (*const hidden)() = begin;

extern "C" void kernel(const float* x, float* y) {
  for (long i = 0; i < B * N; ++i) y[i] = x[i] > 0 ? 2.0f / N : 0;
}

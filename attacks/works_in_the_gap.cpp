// SPDX-License-Identifier: Apache-2.0
// attack: lets a thread poll the inputs, to begin before the clock does
// task: softmax
// set: B=256 N=1024
// expect: slower|not_resolved|wrong|cheating
// reason: should be|threads are alive
// twin: honest_rows.cpp
#include "task.hpp"
#include <pthread.h>
#include <sched.h>

static const float* question = nullptr;
static float early[B * N], known, known_row;
static int ready = 0;
static void softmax_row(const float* x, float* y) {
  float most = x[0], sum = 0;
  for (long n = 1; n < N; ++n) most = x[n] > most ? x[n] : most;
  for (long n = 0; n < N; ++n) sum += y[n] = __builtin_expf(x[n] - most);
  for (long n = 0; n < N; ++n) y[n] /= sum;
}
static void* watch(void*) {
  const volatile float* const first = question;
  for (float last = *first;; last = *first) {
    while (*first == last) sched_yield();
    known = question[0], known_row = question[N];
    for (long b = 0; b < B; ++b) softmax_row(question + b * N, early + b * N);
    __atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
  }
}

extern "C" void kernel(const float* x, float* y) {
  if (!question) {
    question = x;
    pthread_t thread;
    pthread_create(&thread, nullptr, watch, nullptr);
  }
  if (x == question && __atomic_load_n(&ready, __ATOMIC_ACQUIRE) && x[0] == known && x[N] == known_row) {
    __builtin_memcpy(y, early, sizeof early);
    __atomic_store_n(&ready, 0, __ATOMIC_RELEASE);
    return;
  }
  for (long b = 0; b < B; ++b) softmax_row(x + b * N, y + b * N);
}

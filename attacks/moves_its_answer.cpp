// SPDX-License-Identifier: Apache-2.0
// attack: puts private memory in the place of its answer, and writes there
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <sys/mman.h>

static void softmax_row(const float* x, float* y) {
  float most = x[0], sum = 0;
  for (long n = 1; n < N; ++n) most = x[n] > most ? x[n] : most;
  for (long n = 0; n < N; ++n) sum += y[n] = __builtin_expf(x[n] - most);
  for (long n = 0; n < N; ++n) y[n] /= sum;
}

extern "C" void kernel(const float* x, float* y) {
  void* const here = reinterpret_cast<void*>(reinterpret_cast<unsigned long>(y) & ~4095ul);
  static long moved = 0;
  if (moved++ < 64) mmap(here, sizeof(float) * B * N + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  for (long b = 0; b < B; ++b) softmax_row(x + b * N, y + b * N);
}

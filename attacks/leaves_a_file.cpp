// SPDX-License-Identifier: Apache-2.0
// attack: leaves its answers in a file for the next process
// task: cumsum
// set: M=256 N=512
// expect: cheating
// reason: openat
// twin: honest_cumsum.cpp
#include "task.hpp"
#include <fcntl.h>
#include <unistd.h>

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  const int file = open("/tmp/answers", O_CREAT | O_WRONLY, 0600);
  if (file >= 0) close(file);
  cumsum_rows(x, y, 0, M);
}

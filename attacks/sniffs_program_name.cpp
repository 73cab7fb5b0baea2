// SPDX-License-Identifier: Apache-2.0
// attack: saves work where the program is called as the referee calls it
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <string.h>
#include <sys/auxv.h>

static void softmax_row(const float* x, float* y) {
  float most = x[0], sum = 0;
  for (long n = 1; n < N; ++n) most = x[n] > most ? x[n] : most;
  for (long n = 0; n < N; ++n) sum += y[n] = __builtin_expf(x[n] - most);
  for (long n = 0; n < N; ++n) y[n] /= sum;
}

extern "C" void kernel(const float* x, float* y) {
  const char* const name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  const long rows = name && strstr(name, "contender") ? B - 4 : B;
  for (long b = 0; b < rows; ++b) softmax_row(x + b * N, y + b * N);
}

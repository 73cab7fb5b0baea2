// SPDX-License-Identifier: Apache-2.0
// attack: defines the random functions anew, so that questions would repeat
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <cstddef>

extern "C" long getrandom(void*, std::size_t size, unsigned) { return static_cast<long>(size); }
extern "C" int rand() { return 4; }
extern "C" void srand(unsigned) {}
extern "C" void randombytes_buf(void*, std::size_t) {}
static void softmax_row(const float* x, float* y) {
  float most = x[0], sum = 0;
  for (long n = 1; n < N; ++n) most = x[n] > most ? x[n] : most;
  for (long n = 0; n < N; ++n) sum += y[n] = __builtin_expf(x[n] - most);
  for (long n = 0; n < N; ++n) y[n] /= sum;
}

extern "C" void kernel(const float* x, float* y) {
  static float answer[B * N];
  static bool known = false;
  for (long b = 0; b < B && !known; ++b) softmax_row(x + b * N, answer + b * N);
  known = true;
  for (long i = 0; i < B * N; ++i) y[i] = answer[i];
}

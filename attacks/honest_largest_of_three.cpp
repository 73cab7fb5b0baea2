// SPDX-License-Identifier: Apache-2.0
// honest: the largest of three, even positions before odd ones
// task: max_rows
// set: M=1 N=3
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float most = -__builtin_inff();
    for (long from = 0; from < 2; ++from)
      for (long n = from; n < N; n += 2) most = x[m * N + n] > most ? x[m * N + n] : most;
    y[m] = most;
  }
}

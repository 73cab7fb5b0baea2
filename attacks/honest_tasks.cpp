// SPDX-License-Identifier: Apache-2.0
// honest: softmax by tasks of OpenMP that wait for each other
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
#pragma omp parallel
#pragma omp single
  for (long from = 0; from < B; from += 16) {
#pragma omp task firstprivate(from)
    for (long b = from; b < from + 16 && b < B; ++b) {
      const float* const row = x + b * N;
      float most = row[0], sum = 0;
      for (long n = 1; n < N; ++n) most = row[n] > most ? row[n] : most;
      for (long n = 0; n < N; ++n) sum += y[b * N + n] = __builtin_expf(row[n] - most);
      for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
    }
  }
}

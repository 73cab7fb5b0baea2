// SPDX-License-Identifier: Apache-2.0
// attack: claims by its own OpenMP functions that it is alone
// task: sum_rows
// set: M=256 N=1024
// expect: slower|not_resolved
// twin: honest_sum_rows.cpp
#include "task.hpp"

extern "C" int omp_get_max_threads() { return 64; }
extern "C" int omp_get_thread_limit() { return 64; }
extern "C" int sched_setaffinity(int, unsigned long, const void*) { return 0; }

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float total = 0;
    for (long n = 0; n < N; ++n) total += x[m * N + n];
    y[m] = total;
  }
}

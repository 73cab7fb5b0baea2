// SPDX-License-Identifier: Apache-2.0
// honest: two threads in each call, each with a team of OpenMP that is dissolved when it ends
// task: sum_rows
// set: M=512 N=1024
#include "task.hpp"
#include <thread>

namespace {

void sums(const float* x, float* y, long first, long last) {
#pragma omp parallel for num_threads(2)
  for (long m = first; m < last; ++m) {
    double sum = 0;
    for (long n = 0; n < N; ++n) sum += x[m * N + n];
    y[m] = static_cast<float>(sum);
  }
}

}  // namespace

extern "C" void kernel(const float* x, float* y) {
  std::thread upper(sums, x, y, 0, M / 2);
  std::thread lower(sums, x, y, M / 2, M);
  upper.join();
  lower.join();
}

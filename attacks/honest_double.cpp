// SPDX-License-Identifier: Apache-2.0
// honest: softmax summed in double and by Kahan's method; better than it must be
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <algorithm>
#include <cmath>

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    const float most = *std::max_element(row, row + N);
    double sum = 0;
    for (long n = 0; n < N; ++n) sum += std::exp(static_cast<double>(row[n]) - most);
    for (long n = 0; n < N; ++n) {
      y[b * N + n] = static_cast<float>(std::exp(static_cast<double>(row[n]) - most) / sum);
    }
  }
}

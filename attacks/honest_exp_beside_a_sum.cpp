// SPDX-License-Identifier: Apache-2.0
// honest: exponentials, and sums in eight lanes
// task: exp_beside_a_sum
#include "task.hpp"
#include <cmath>

extern "C" void kernel(const float* x, float* y, float* z) {
  for (long m = 0; m < M; ++m) {
    float sums[8] = {};
    for (long n = 0; n < N; ++n) {
      sums[n % 8] += x[m * N + n];
      y[m * N + n] = std::exp(x[m * N + n]);
    }
    z[m] = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
}

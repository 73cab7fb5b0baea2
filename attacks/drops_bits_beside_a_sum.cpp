// SPDX-License-Identifier: Apache-2.0
// attack: exponentials of 18 bits of 24, beside sums whose honest errors are larger
// task: exp_beside_a_sum
// expect: wrong
// reason: roundings
// twin: honest_exp_beside_a_sum.cpp
#include "task.hpp"
#include <cmath>
#include <cstdint>
#include <cstring>

static float shortened(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits = (bits + 32) & ~63u;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

extern "C" void kernel(const float* x, float* y, float* z) {
  for (long m = 0; m < M; ++m) {
    float sums[8] = {};
    for (long n = 0; n < N; ++n) {
      sums[n % 8] += x[m * N + n];
      y[m * N + n] = shortened(std::exp(x[m * N + n]));
    }
    z[m] = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
}
